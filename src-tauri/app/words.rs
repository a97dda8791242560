//! The few words that the app says outside its page: in the system's dialogs.

use crate::dto::{Locale, LocaleChoice};

/// A text in both languages.
pub struct Words {
    english: &'static str,
    portuguese: &'static str,
}

impl Words {
    /// The text in a language.
    pub fn in_language(&self, locale: Locale) -> &'static str {
        match locale {
            Locale::English => self.english,
            Locale::BrazilianPortuguese => self.portuguese,
        }
    }
}

pub const OPEN_FOLDER: Words = Words {
    english: "Open folder",
    portuguese: "Abrir pasta",
};
pub const CHOOSE_FILES: Words = Words {
    english: "Files as context",
    portuguese: "Arquivos como contexto",
};
pub const SAVE_SCROLLBACK: Words = Words {
    english: "Save the scrollback",
    portuguese: "Salvar o histórico do terminal",
};
pub const LOCATE_FOLDER: Words = Words {
    english: "Locate the project's folder",
    portuguese: "Localizar a pasta do projeto",
};
pub const PAGE_GONE: Words = Words {
    english: "The part of Reprise that draws this window ended several times within a minute. \
              Your sessions go on running; nothing in them is lost.\n\n\
              Load the window again, or close it and start Reprise later.",
    portuguese: "A parte do Reprise que desenha esta janela encerrou várias vezes em um minuto. \
                 Suas sessões continuam em execução; nada se perdeu nelas.\n\n\
                 Carregue a janela de novo, ou feche-a e inicie o Reprise mais tarde.",
};
pub const LOAD_AGAIN: Words = Words {
    english: "Load again",
    portuguese: "Carregar de novo",
};
pub const ABOUT: Words = Words {
    english: "Keeps one Claude Code session per project and gives it back.\n\nApache License 2.0",
    portuguese: "Mantém uma sessão do Claude Code por projeto e a devolve.\n\nLicença Apache 2.0",
};
pub const CLOSE: Words = Words {
    english: "Close",
    portuguese: "Fechar",
};

/// The language to speak: the chosen one, else the one of the system's environment.
pub fn language(choice: LocaleChoice, lookup: impl Fn(&str) -> Option<String>) -> Locale {
    match choice {
        LocaleChoice::English => Locale::English,
        LocaleChoice::BrazilianPortuguese => Locale::BrazilianPortuguese,
        LocaleChoice::System => {
            let set = |name| lookup(name).filter(|value| !value.is_empty());
            let locale = set("LC_ALL")
                .or_else(|| set("LC_MESSAGES"))
                .or_else(|| set("LANG"))
                .unwrap_or_default();
            // In the C locale gettext ignores LANGUAGE, and so does this.
            let first = match locale.split('.').next() {
                Some("" | "C" | "POSIX") | None => locale,
                _ => set("LANGUAGE").unwrap_or(locale),
            };
            if first.starts_with("pt") {
                Locale::BrazilianPortuguese
            } else {
                Locale::English
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_chosen_one_else_the_systems() {
        let system = |env: &'static [(&str, &str)]| {
            language(LocaleChoice::System, |name| {
                env.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        let portuguese = Locale::BrazilianPortuguese;
        assert_eq!(system(&[]), Locale::English);
        assert_eq!(system(&[("LANG", "pt_BR.UTF-8")]), portuguese);
        assert_eq!(
            system(&[("LC_ALL", "en_US.UTF-8"), ("LANG", "pt_BR.UTF-8")]),
            Locale::English
        );
        assert_eq!(
            system(&[("LANG", "en_US.UTF-8"), ("LANGUAGE", "pt_BR:en")]),
            portuguese
        );
        assert_eq!(
            system(&[("LANG", "C.UTF-8"), ("LANGUAGE", "pt_BR")]),
            Locale::English
        );
        assert_eq!(
            language(LocaleChoice::BrazilianPortuguese, |_| None),
            portuguese
        );
    }
}
