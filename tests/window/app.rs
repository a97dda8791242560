//! The app's window: what a person does to it and sees in it.

use std::cell::RefCell;
use std::fs::File;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::processes::{Process, is_alive, kill_now, living_in, program_of};
use super::viewer::Viewer;
use super::wait::{QUICK, SLOW, wait_for};
use super::webdriver::{Element, WebDriver};
use super::world::World;

/// A running app. Ends with this value, as by `kill -9`: its terminals' hosts go on until the world ends.
pub struct App<'world> {
    pub(super) world: &'world World,
    pub pid: u32,
    web: RefCell<WebDriver>,
    _driver: Process,
}

impl<'world> App<'world> {
    /// Starts the app by its driver and waits for its page.
    pub(super) fn open(world: &'world World, arguments: &[&str]) -> Self {
        let ports = [free_port(), free_port()];
        let log = File::options()
            .append(true)
            .create(true)
            .open(world.log("app"))
            .expect("the app's log");
        let mut command = Command::new(world.tool("tauri-driver"));
        command
            .args(["--port", &ports[0].to_string()])
            .args(["--native-port", &ports[1].to_string()])
            .args(["--native-driver", "/usr/bin/WebKitWebDriver"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the app's log"))
            .stderr(log);
        world.inside(&mut command);
        let driver = Process::start(&mut command);

        let address = format!("http://127.0.0.1:{}", ports[0]);
        let program = world.app_program();
        wait_for("the WebDriver", QUICK, || {
            std::net::TcpStream::connect(("127.0.0.1", ports[0]))
                .map(|_| ())
                .map_err(|error| error.to_string())
        });
        let web = wait_for("the app's web view", SLOW, || {
            WebDriver::start(&address, &program.to_string_lossy(), arguments)
        });
        let pid = wait_for("the app's process", QUICK, || {
            living_in(&world.home)
                .into_iter()
                .find(|pid| program_of(*pid).is_some_and(|running| running == program))
                .ok_or_else(|| world.said("app"))
        });
        Self {
            world,
            pid,
            web: RefCell::new(web),
            _driver: driver,
        }
    }

    /// `kill -9` of the app.
    pub fn kill(self) {
        kill_now(self.pid);
        self.wait_until_gone();
    }

    /// Closes the window as a person does, and waits until the app has ended.
    /// Says what to do with the running sessions if it asks.
    pub fn close_window(self) {
        self.key("alt+F4");
        wait_for("the app to end", SLOW, || {
            if !is_alive(self.pid) {
                return Ok(());
            }
            // The question of the first time; the safe answer is the one with the focus.
            if let Ok(buttons) = self.web().by_role("button", "Close the window")
                && let Some(button) = buttons.first()
            {
                let _ = self.web().click(button);
            }
            Err(format!("process {} runs", self.pid))
        });
    }

    fn wait_until_gone(&self) {
        wait_for("the app to be gone", QUICK, || {
            if is_alive(self.pid) {
                Err(format!("process {} runs", self.pid))
            } else {
                Ok(())
            }
        });
    }

    pub fn web(&self) -> std::cell::Ref<'_, WebDriver> {
        self.web.borrow()
    }

    /// The first element with this role and name, once it is there.
    #[track_caller]
    pub fn find(&self, role: &str, name: &str) -> Element {
        wait_for(&format!("the {role} \"{name}\""), SLOW, || {
            let found = self.web().by_role(role, name)?;
            found
                .into_iter()
                .next()
                .ok_or_else(|| format!("the page says: {}", self.page_text()))
        })
    }

    #[track_caller]
    pub fn click(&self, role: &str, name: &str) {
        let element = self.find(role, name);
        self.web().click(&element).expect("it can be clicked");
    }

    /// Clicks into the terminal, so that it has the keyboard.
    #[track_caller]
    pub fn click_terminal(&self) {
        self.click("group", "Terminal, ");
        let focus = "return document.activeElement instanceof HTMLTextAreaElement";
        wait_for("the terminal to have the keyboard", QUICK, || {
            match self.web().execute(focus, &[])? {
                Value::Bool(true) => Ok(()),
                _ => Err(self.page_text()),
            }
        });
    }

    /// Chooses a line of the menu of the project in front.
    #[track_caller]
    pub fn choose_of_project(&self, line: &str) {
        let row = self.find("option", "ledger-api");
        self.web().right_click(&row).expect("it has a menu");
        self.click("menuitem", line);
    }

    /// Waits until the page says this, outside the terminal.
    #[track_caller]
    pub fn wait_for_words(&self, words: &str) {
        wait_for(&format!("{words:?} in the page"), SLOW, || {
            let text = self.page_text();
            if text.contains(words) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }

    /// The page's text without the terminal's rows.
    pub fn page_text(&self) -> String {
        self.web()
            .execute("return document.body.innerText", &[])
            .map_or_else(
                |error| error,
                |text| text.as_str().unwrap_or_default().to_owned(),
            )
    }

    /// What the terminal in front shows.
    pub fn viewer(&self) -> Result<Viewer, String> {
        self.viewer_lines(Value::Null, Value::Null)
    }

    /// The whole buffer, scrollback included.
    pub fn viewer_with_scrollback(&self) -> Result<Viewer, String> {
        self.viewer_lines(json!(0), json!(20_000))
    }

    fn viewer_lines(&self, first: Value, count: Value) -> Result<Viewer, String> {
        let body = "return window.__reprise_viewer?.(arguments[0] ?? undefined, arguments[1] ?? undefined) ?? null";
        let description = self.web().execute(body, &[first, count])?;
        if description.is_null() {
            return Err(format!("no terminal in front: {}", self.page_text()));
        }
        serde_json::from_value(description).map_err(|error| error.to_string())
    }

    /// The text of the terminal in front.
    pub fn terminal_text(&self) -> String {
        self.viewer()
            .map_or_else(|error| error, |viewer| viewer.text())
    }

    /// The rows of the terminal in front that are in sight, as they are drawn.
    pub fn drawn_rows(&self) -> Result<Vec<String>, String> {
        let rows = "return [...document.querySelectorAll('.terminals .screen:not([hidden]) .xterm-rows > div')] \
            .map((row) => row.textContent.replaceAll('\\u00a0', ' ').trimEnd())";
        let rows = self.web().execute(rows, &[])?;
        serde_json::from_value(rows).map_err(|error| error.to_string())
    }

    /// Waits until the terminal shows `text`, wherever the program breaks its lines.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) -> Viewer {
        wait_for(&format!("{text:?} in the terminal"), SLOW, || {
            let viewer = self.viewer()?;
            if viewer.shows(text) {
                Ok(viewer)
            } else {
                Err(format!("it shows:\n{}", viewer.text()))
            }
        })
    }

    /// The viewer once it has stood still for a moment: nothing is on its way any more.
    #[track_caller]
    pub fn settled(&self) -> Viewer {
        let mut last: Option<(Viewer, std::time::Instant)> = None;
        wait_for("the terminal to stand still", SLOW, || {
            let now = self.viewer()?;
            match &last {
                Some((before, since)) if *before == now => {
                    if since.elapsed() >= Duration::from_millis(700) {
                        return Ok(now);
                    }
                }
                _ => last = Some((now, std::time::Instant::now())),
            }
            Err("it changes".to_owned())
        })
    }

    /// How wide and high the window is, its menu bar included, in pixels.
    #[track_caller]
    pub fn window_size(&self) -> (u32, u32) {
        let words = ["getactivewindow", "getwindowgeometry", "--shell"];
        let shell = self.world.display.xdotool(&words).expect("the window");
        let length = |name| {
            let line = shell.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|length| length.parse().ok())
        };
        length("WIDTH=")
            .zip(length("HEIGHT="))
            .unwrap_or_else(|| panic!("no size in {shell}"))
    }

    /// Asks the window manager for another size of the window, as dragging its edge does.
    #[track_caller]
    pub fn resize_window(&self, (width, height): (u32, u32)) {
        let (width, height) = (width.to_string(), height.to_string());
        let words = ["getactivewindow", "windowsize", &width, &height];
        self.world.display.xdotool(&words).expect("another size");
    }

    /// Types on the keyboard (XTEST) into what has the focus.
    pub fn type_keys(&self, text: &str) {
        self.world
            .display
            .xdotool(&["type", "--delay", "15", "--", text])
            .expect("xdotool types");
    }

    /// Presses one key or combination, named as xdotool names it: `Return`, `shift+Return`.
    pub fn key(&self, key: &str) {
        self.world
            .display
            .xdotool(&["key", "--clearmodifiers", "--delay", "15", key])
            .expect("xdotool presses a key");
    }

    /// Says `text` to the project's claude and waits until the reply stands on the screen. Returns the reply.
    #[track_caller]
    pub fn say(&self, text: &str) -> String {
        self.world.wait_for_state("idle");
        let before = self.world.api.messages().len();
        self.type_keys(text);
        self.wait_for_text(text);
        self.key("Return");
        let answered = wait_for("claude to ask the API", SLOW, || {
            let messages = self.world.api.messages();
            messages
                .into_iter()
                .skip(before)
                .find(|entry| {
                    entry["last"]
                        .as_str()
                        .is_some_and(|last| last.contains(text))
                })
                .ok_or_else(|| self.terminal_text())
        });
        let turn = answered["turn"].as_u64().expect("the turn's number");
        let first = answered["first"].as_str().unwrap_or_default();
        let reply = format!("turn {turn}; you said: {text}; first user text: {first}");
        self.wait_for_text(&reply);
        self.world.wait_for_state("idle");
        reply
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
