//! The menu bar as assistive technology sees it: by AT-SPI, over the accessibility bus.

use super::bus;
use super::wait::{SLOW, wait_for};
use super::world::World;

const ROOT: &str = "/org/a11y/atspi/accessible/root";

/// The app's native menu bar.
pub struct MenuBar<'world> {
    world: &'world World,
    bus: String,
}

/// Something that can be named: its owner on the bus, and its path there.
type Node = (String, String);

impl<'world> MenuBar<'world> {
    /// The menu bar of the app of this world, which was started with accessibility.
    #[track_caller]
    pub fn new(world: &'world World) -> Self {
        let call = ["org.a11y.Bus.GetAddress"];
        let bus = bus::call(world, "org.a11y.Bus", "/org/a11y/bus", &call)
            .expect("the accessibility bus");
        Self {
            world,
            bus: quoted(&bus).next().expect("its address").to_owned(),
        }
    }

    /// Chooses the line that these names lead to.
    #[track_caller]
    pub fn choose(&self, names: &[&str]) {
        wait_for(&format!("{names:?} in the menu bar"), SLOW, || {
            let mut node = self.bar()?;
            for name in names {
                node = self.child(&node, |child| Ok(self.name(child)? == *name))?;
            }
            let done = self.call(&node, &["org.a11y.atspi.Action.DoAction", "0"])?;
            if done.contains("true") {
                Ok(())
            } else {
                Err(format!("{done}: it cannot act"))
            }
        });
    }

    fn bar(&self) -> Result<Node, String> {
        let registry = ("org.a11y.atspi.Registry".to_owned(), ROOT.to_owned());
        let app = self.child(&registry, |app| Ok(self.name(app)? == "reprise"))?;
        let window = self.child(&app, |_| Ok(true))?;
        let content = self.child(&window, |_| Ok(true))?;
        self.child(&content, |child| {
            let role = self.call(child, &["org.a11y.atspi.Accessible.GetRoleName"])?;
            Ok(role.contains("menu bar"))
        })
    }

    fn child(&self, of: &Node, is: impl Fn(&Node) -> Result<bool, String>) -> Result<Node, String> {
        let children = self.call(of, &["org.a11y.atspi.Accessible.GetChildren"])?;
        let words: Vec<&str> = quoted(&children).collect();
        for child in words.chunks_exact(2) {
            let child = (child[0].to_owned(), child[1].to_owned());
            if is(&child)? {
                return Ok(child);
            }
        }
        Err(format!("none of {children}"))
    }

    fn name(&self, node: &Node) -> Result<String, String> {
        let call = [
            "org.freedesktop.DBus.Properties.Get",
            "org.a11y.atspi.Accessible",
            "Name",
        ];
        let name = self.call(node, &call)?;
        Ok(quoted(&name).next().unwrap_or_default().to_owned())
    }

    fn call(&self, (owner, path): &Node, call: &[&str]) -> Result<String, String> {
        bus::call_at(self.world, &["--address", &self.bus], owner, path, call)
    }
}

/// The strings in what gdbus prints.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('\'').skip(1).step_by(2)
}
