//! The little of the WebDriver protocol that the tests need.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

/// The key under which an element's id travels (W3C WebDriver, 12.1).
const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Elements that have the role without saying so (HTML accessibility mapping).
const NATIVE: &[(&str, &str)] = &[
    ("button", "button"),
    ("dialog", "dialog"),
    ("main", "main"),
    ("navigation", "nav"),
    ("contentinfo", "footer"),
    ("heading", "h1,h2,h3"),
    ("textbox", "input:not([type]),input[type=text],textarea"),
    ("checkbox", "input[type=checkbox]"),
    ("radio", "input[type=radio]"),
    ("searchbox", "input[type=search]"),
    ("status", "output"),
    ("option", "option"),
    ("alertdialog", "dialog"),
];

/// A session with one web view.
pub struct WebDriver {
    agent: Agent,
    session: String,
}

/// An element of the page.
#[derive(Debug, Clone)]
pub struct Element(String);

impl WebDriver {
    /// Asks the driver at `address` to start `program` and to take part in its web view.
    pub fn start(address: &str, program: &str, arguments: &[&str]) -> Result<Self, String> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let options = json!({"application": program, "args": arguments});
        let body = json!({"capabilities": {"alwaysMatch": {"tauri:options": options}}});
        let answer = send(&agent, &format!("{address}/session"), Some(&body))?;
        let id = answer["sessionId"].as_str().ok_or("no session id")?;
        Ok(Self {
            agent,
            session: format!("{address}/session/{id}"),
        })
    }

    /// Runs a function body in the page and returns what it returns.
    pub fn execute(&self, body: &str, arguments: &[Value]) -> Result<Value, String> {
        self.post("execute/sync", &json!({"script": body, "args": arguments}))
    }

    /// The elements with this role whose accessible name contains `name`, in the order of the page.
    pub fn by_role(&self, role: &str, name: &str) -> Result<Vec<Element>, String> {
        let mut selector = format!("[role={role}]");
        for (_, native) in NATIVE.iter().filter(|(known, _)| *known == role) {
            // An element that names a role has only that one.
            selector = format!("{selector},:is({native}):not([role])");
        }
        let mut found = Vec::new();
        let query = json!({"using": "css selector", "value": selector});
        for element in self
            .post("elements", &query)?
            .as_array()
            .into_iter()
            .flatten()
        {
            let Some(id) = element[ELEMENT_KEY].as_str() else {
                continue;
            };
            let element = Element(id.to_owned());
            if self.name(&element)?.contains(name) {
                found.push(element);
            }
        }
        Ok(found)
    }

    /// The accessible name as the browser computes it.
    pub fn name(&self, element: &Element) -> Result<String, String> {
        self.get_text(element, "computedlabel")
    }

    /// The text a person reads in it.
    pub fn text(&self, element: &Element) -> Result<String, String> {
        self.get_text(element, "text")
    }

    pub fn attribute(&self, element: &Element, name: &str) -> Result<Option<String>, String> {
        let answer = self.get(&format!("element/{}/attribute/{name}", element.0))?;
        Ok(answer.as_str().map(str::to_owned))
    }

    pub fn click(&self, element: &Element) -> Result<(), String> {
        self.post(&format!("element/{}/click", element.0), &json!({}))?;
        Ok(())
    }

    /// Clicks with the right button.
    pub fn right_click(&self, element: &Element) -> Result<(), String> {
        let actions = json!([
            {"type": "pointerMove", "origin": {ELEMENT_KEY: element.0}, "x": 0, "y": 0},
            {"type": "pointerDown", "button": 2},
            {"type": "pointerUp", "button": 2},
        ]);
        let mouse = json!({"type": "pointer", "id": "mouse", "actions": actions});
        self.post("actions", &json!({"actions": [mouse]}))?;
        Ok(())
    }

    /// The middle of an element, in CSS pixels of the page.
    pub fn middle(&self, element: &Element) -> Result<(f64, f64), String> {
        let script = "const { left, top, width, height } = arguments[0].getBoundingClientRect(); \
            return [left + width / 2, top + height / 2];";
        let place = self.execute(script, &[json!({ELEMENT_KEY: element.0})])?;
        let of = |value: &Value| value.as_f64().ok_or_else(|| place.to_string());
        Ok((of(&place[0])?, of(&place[1])?))
    }

    /// Moves the pointer to a place of the page, in CSS pixels, and clicks there with Ctrl held.
    pub fn ctrl_click_at(&self, x: f64, y: f64) -> Result<(), String> {
        let pause = json!({"type": "pause", "duration": 0});
        let keys = json!([
            pause, {"type": "keyDown", "value": "\u{e009}"}, pause, pause,
            {"type": "keyUp", "value": "\u{e009}"},
        ]);
        let moves = json!([
            {"type": "pointerMove", "origin": "viewport", "x": x as i64, "y": y as i64},
            pause,
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
            pause,
        ]);
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": keys});
        let mouse = json!({"type": "pointer", "id": "mouse", "actions": moves});
        self.post("actions", &json!({"actions": [keyboard, mouse]}))?;
        Ok(())
    }

    /// Moves the pointer to a place of the page, in CSS pixels.
    pub fn point_at(&self, x: f64, y: f64) -> Result<(), String> {
        let moves = json!([
            {"type": "pointerMove", "origin": "viewport", "x": x as i64, "y": y as i64},
        ]);
        let mouse = json!({"type": "pointer", "id": "mouse", "actions": moves});
        self.post("actions", &json!({"actions": [mouse]}))?;
        Ok(())
    }

    fn get_text(&self, element: &Element, what: &str) -> Result<String, String> {
        let answer = self.get(&format!("element/{}/{what}", element.0))?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        send(&self.agent, &format!("{}/{path}", self.session), None)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        send(&self.agent, &format!("{}/{path}", self.session), Some(body))
    }
}

/// One command; the answer's `value`, or the driver's error in words.
fn send(agent: &Agent, url: &str, body: Option<&Value>) -> Result<Value, String> {
    let answered = match body {
        Some(body) => agent.post(url).send_json(body),
        None => agent.get(url).call(),
    };
    let mut response = answered.map_err(|error| format!("{url}: {error}"))?;
    let succeeded = response.status().is_success();
    let mut answer: Value = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_json()
        .map_err(|error| format!("{url}: {error}"))?;
    let value = answer["value"].take();
    if succeeded {
        Ok(value)
    } else {
        Err(format!("{url}: {}: {}", value["error"], value["message"]))
    }
}
