//! What a notification says.

use crate::dto::Locale;

use super::rules::Cause;

/// The title and the body of a notification, as plain text.
pub fn words(locale: Locale, project: &str, cause: &Cause) -> (String, String) {
    let portuguese = locale == Locale::BrazilianPortuguese;
    let say = |english: &str, other: &str| {
        let pattern = if portuguese { other } else { english };
        pattern.replace("{project}", project)
    };
    match cause {
        Cause::Permission(ask) => (
            say(
                "{project} needs permission",
                "{project} precisa de permissão",
            ),
            ask.as_ref().map(asked).unwrap_or_default(),
        ),
        Cause::Question(ask) => (
            say("{project} asks a question", "{project} faz uma pergunta"),
            ask.as_ref()
                .map(|ask| ask.input.clone())
                .unwrap_or_default(),
        ),
        Cause::Done => (
            say("{project} is done", "{project} terminou"),
            say(
                "The session is idle again.",
                "A sessão está ociosa de novo.",
            ),
        ),
        Cause::Ended(Some(exit)) => (
            say(
                "{project}: the session ended",
                "{project}: a sessão encerrou",
            ),
            say(
                "Claude Code ended with code {code}. The conversation can be resumed.",
                "O Claude Code encerrou com o código {code}. A conversa pode ser retomada.",
            )
            .replace("{code}", &exit.code.to_string()),
        ),
        Cause::Ended(None) => (
            say(
                "{project}: the session ended",
                "{project}: a sessão encerrou",
            ),
            say(
                "Its process is gone. The conversation can be resumed.",
                "O processo dela não existe mais. A conversa pode ser retomada.",
            ),
        ),
        Cause::RunOver { ok: true, text } => (
            say(
                "{project}: the unattended run is done",
                "{project}: a execução autônoma terminou",
            ),
            text.clone(),
        ),
        Cause::RunOver { ok: false, text } => (
            say(
                "{project}: the unattended run failed",
                "{project}: a execução autônoma falhou",
            ),
            text.clone(),
        ),
        Cause::Program { title, text } if text.is_empty() && title.is_none() => (
            project.to_owned(),
            say("A program rang the bell.", "Um programa tocou o sino."),
        ),
        Cause::Program { title, text } => match title {
            Some(title) => (format!("{project}: {title}"), text.clone()),
            None => (project.to_owned(), text.clone()),
        },
    }
}

fn asked(ask: &reprise_core::model::Ask) -> String {
    if ask.input.is_empty() {
        ask.tool.clone()
    } else {
        format!("{}: {}", ask.tool, ask.input)
    }
}

#[cfg(test)]
mod tests {
    use reprise_core::model::Ask;

    use super::*;

    #[test]
    fn a_notification_names_the_project_and_what_it_is_about() {
        let cause = Cause::Permission(Some(Ask {
            tool: "Bash".into(),
            input: "rm -rf build".into(),
        }));
        assert_eq!(
            words(Locale::English, "ledger", &cause),
            (
                "ledger needs permission".into(),
                "Bash: rm -rf build".into()
            )
        );
        let (title, _) = words(Locale::BrazilianPortuguese, "ledger", &cause);
        assert_eq!(title, "ledger precisa de permissão");
    }
}
