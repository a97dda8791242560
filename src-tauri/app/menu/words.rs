//! The words of the menu bar.

use crate::dto::{Locale, MilestoneStatus};

macro_rules! words {
    ($($name:ident: $english:literal, $portuguese:literal;)*) => {
        /// Something that stands in the menu bar.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Word { $(#[allow(missing_docs)] $name,)* }

        /// It in a language.
        pub fn of(word: Word, locale: Locale) -> &'static str {
            match (word, locale) {
                $(
                    (Word::$name, Locale::English) => $english,
                    (Word::$name, Locale::BrazilianPortuguese) => $portuguese,
                )*
            }
        }
    };
}

words! {
    File: "File", "Arquivo";
    OpenFolder: "Open folder…", "Abrir pasta…";
    NewMilestone: "New milestone…", "Novo marco…";
    Settings: "Settings…", "Configurações…";
    CloseWindow: "Close the window", "Fechar a janela";
    Quit: "Quit", "Sair";
    Edit: "Edit", "Editar";
    Copy: "Copy", "Copiar";
    Paste: "Paste", "Colar";
    Find: "Find in the terminal", "Procurar no terminal";
    SaveScrollback: "Save the scrollback…", "Salvar o histórico do terminal…";
    SaveColoured: "Save the scrollback with its colours…", "Salvar o histórico do terminal com as cores…";
    View: "View", "Exibir";
    Palette: "Command palette", "Paleta de comandos";
    Sidebar: "Sidebar", "Barra lateral";
    Milestones: "Milestones", "Marcos";
    Larger: "Larger text", "Texto maior";
    Smaller: "Smaller text", "Texto menor";
    NormalSize: "Normal text size", "Tamanho normal do texto";
    FullScreen: "Full screen", "Tela cheia";
    Session: "Session", "Sessão";
    Start: "Start", "Iniciar";
    Resume: "Resume", "Retomar";
    Restart: "Restart", "Reiniciar";
    Branch: "Branch the conversation", "Ramificar a conversa";
    End: "End…", "Encerrar…";
    NewShell: "New shell", "Novo shell";
    QueueCommand: "Put a command into the queue…", "Pôr um comando na fila…";
    ClearQueue: "Clear the queue", "Esvaziar a fila";
    NextNeedsYou: "Next session that needs you", "Próxima sessão que espera você";
    Project: "Project", "Projeto";
    PreviousProject: "Previous project", "Projeto anterior";
    NextProject: "Next project", "Próximo projeto";
    Rename: "Rename…", "Renomear…";
    Locate: "Locate folder…", "Localizar pasta…";
    Mute: "Mute notifications", "Silenciar notificações";
    Unmute: "Allow notifications", "Permitir notificações";
    MilestoneCommand: "Command of milestones…", "Comando dos marcos…";
    RestorePhases: "Restore the plan’s phases…", "Restaurar as fases do plano…";
    Remove: "Remove from Reprise…", "Remover do Reprise…";
    AllMilestones: "All milestones", "Todos os marcos";
    StartMilestone: "Start", "Iniciar";
    StartQueued: "Start through the queue", "Iniciar pela fila";
    RunUnattended: "Run unattended…", "Executar sem supervisão…";
    OpenContext: "Open the context", "Abrir o contexto";
    OpenMilestoneFolder: "Open the folder", "Abrir a pasta";
    Status: "Status", "Status";
    InProgress: "In progress", "Em andamento";
    Pending: "Pending", "Pendente";
    Completed: "Completed", "Concluído";
    Failed: "Failed", "Falhou";
    Window: "Window", "Janela";
    StayInTray: "Stay in the tray when closed", "Ficar na bandeja ao fechar";
    Notifications: "Desktop notifications", "Notificações na área de trabalho";
    Help: "Help", "Ajuda";
    About: "About Reprise", "Sobre o Reprise";
}

impl From<MilestoneStatus> for Word {
    fn from(status: MilestoneStatus) -> Self {
        match status {
            MilestoneStatus::InProgress => Self::InProgress,
            MilestoneStatus::Pending => Self::Pending,
            MilestoneStatus::Completed => Self::Completed,
            MilestoneStatus::Failed => Self::Failed,
        }
    }
}
