//! The least that a Tauri program can be: one window with one page that never changes.

fn main() {
    if let Err(error) = tauri::Builder::default().run(tauri::generate_context!()) {
        eprintln!("empty-window: {error}");
        std::process::exit(1);
    }
}
