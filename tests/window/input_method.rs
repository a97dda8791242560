//! A real input method on the world's own bus: ibus with Anthy, which writes Japanese.

use std::fs;
use std::path::Path;

use super::bus;
use super::processes::Process;
use super::wait::{SLOW, wait_for};
use super::world::World;

/// Anthy begins with Latin letters unless somebody chose otherwise.
const WRITES_KANA: &str = "[org/freedesktop/ibus/engine/anthy/common]\ninput-mode=0\n";

/// The engine that writes the letters of the keys.
pub const LATIN: &str = "xkb:us::eng";
/// The one that composes Japanese of them.
pub const JAPANESE: &str = "anthy";

/// ibus, for every program of the world that starts after it.
pub struct InputMethod {
    _daemon: Process,
}

impl InputMethod {
    /// Starts it; at first it writes Latin letters.
    #[track_caller]
    pub fn start(world: &mut World) -> Self {
        let settings = world.home.join(".config/glib-2.0/settings");
        fs::create_dir_all(&settings).expect("a folder for settings");
        fs::write(settings.join("keyfile"), WRITES_KANA).expect("settings");
        world.set("GSETTINGS_BACKEND", Path::new("keyfile"));
        world.set("GTK_IM_MODULE", Path::new("ibus"));
        let without = ["--panel=disable", "--emoji-extension=disable"];
        let daemon = bus::start(world, "ibus-daemon", &without);
        let method = Self { _daemon: daemon };
        method.switch(world, LATIN);
        method
    }

    /// Writes by this engine from now on.
    #[track_caller]
    pub fn switch(&self, world: &World, engine: &str) {
        wait_for(&format!("the engine {engine}"), SLOW, || {
            // It fails as long as no program writes, and does it all the same.
            let chosen = bus::run(world, "ibus", &["engine", engine]);
            let now = bus::run(world, "ibus", &["engine"])?;
            if now.trim() == engine {
                Ok(())
            } else {
                Err(format!("{now}: {chosen:?}"))
            }
        });
    }
}
