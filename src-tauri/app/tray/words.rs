//! The words of the tray's menu and of the state of a session outside the page.

use crate::dto::{Locale, ProjectView, TerminalState};

use super::TrayState;

fn say<'a>(locale: Locale, english: &'a str, portuguese: &'a str) -> &'a str {
    match locale {
        Locale::English => english,
        Locale::BrazilianPortuguese => portuguese,
    }
}

/// What a project's session does, in the middle of a line.
pub fn state_words(view: &ProjectView, locale: Locale) -> &'static str {
    let Some(live) = &view.live else {
        let known = view.session_id.is_some() || view.invalid_session_id.is_some();
        return if known {
            say(locale, "ready to resume", "pronta para retomar")
        } else {
            say(locale, "not started", "não iniciada")
        };
    };
    if live.run.is_some() && live.state == TerminalState::Working {
        return say(locale, "working unattended", "trabalhando sem supervisão");
    }
    match live.state {
        TerminalState::Starting => say(locale, "starting", "iniciando"),
        TerminalState::Idle => say(locale, "idle", "ociosa"),
        TerminalState::Working => say(locale, "working", "trabalhando"),
        TerminalState::Permission => say(locale, "needs permission", "precisa de permissão"),
        TerminalState::Question => say(locale, "asks a question", "faz uma pergunta"),
        TerminalState::Shell => say(locale, "shell running", "shell em execução"),
        TerminalState::Ended { .. } => say(locale, "ended", "encerrada"),
        TerminalState::Unknown => say(locale, "state unknown", "estado desconhecido"),
    }
}

pub fn project(locale: Locale, name: &str, state: &str) -> String {
    say(locale, "{name}: {state}", "{name}: {state}")
        .replace("{state}", state)
        .replace("{name}", name)
}

pub fn resume_last(locale: Locale, name: &str) -> String {
    say(locale, "Resume last: {name}", "Retomar a última: {name}").replace("{name}", name)
}

pub fn new(locale: Locale) -> &'static str {
    say(locale, "New…", "Novo…")
}

pub fn show_window(locale: Locale) -> &'static str {
    say(locale, "Open the window", "Abrir a janela")
}

pub fn quit(locale: Locale) -> &'static str {
    say(locale, "Quit", "Sair")
}

pub fn quit_keep(locale: Locale) -> &'static str {
    say(
        locale,
        "Quit and keep the sessions running",
        "Sair e manter as sessões em execução",
    )
}

pub fn quit_end(locale: Locale) -> &'static str {
    say(
        locale,
        "Quit and end the sessions",
        "Sair e encerrar as sessões",
    )
}

pub fn tooltip(locale: Locale, state: TrayState, waiting: usize) -> String {
    match (state, waiting) {
        (TrayState::Idle, _) => say(locale, "Reprise: idle", "Reprise: ociosa"),
        (TrayState::Working, _) => say(locale, "Reprise: working", "Reprise: trabalhando"),
        (TrayState::Attention, 1) => say(
            locale,
            "Reprise: a session needs you",
            "Reprise: uma sessão espera você",
        ),
        (TrayState::Attention, _) => say(
            locale,
            "Reprise: {count} sessions need you",
            "Reprise: {count} sessões esperam você",
        ),
    }
    .replace("{count}", &waiting.to_string())
}
