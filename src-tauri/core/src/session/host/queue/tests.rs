//! The queue against a session that the test plays.

use super::sending::{
    ACKNOWLEDGED_WITHIN, ENTER, ENTER_TAKEN_WITHIN, READ_WITHIN, TAKE_BACK, TRIES,
};
use super::*;

const IDLE: SessionState = SessionState::Idle;
const WORKING: SessionState = SessionState::Working;

/// A session: its state, its prompt and the time.
struct Played {
    queue: Queue,
    state: SessionState,
    prompt: Prompt,
    conversation: ClaudeSessionId,
    now: Instant,
    quiet_at: Instant,
    settled_at: Instant,
}

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn conversation(n: u32) -> ClaudeSessionId {
    format!("00000000-0000-4000-8000-{n:012}").parse().unwrap()
}

fn draft(text: &str) -> Prompt {
    Prompt::Draft(text.to_owned())
}

impl Played {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            queue: Queue::default(),
            state: IDLE,
            prompt: Prompt::Empty,
            conversation: conversation(1),
            now,
            quiet_at: now,
            settled_at: now,
        }
    }

    fn ask(&mut self, request: QueueRequest) -> Result<(), QueueRefusal> {
        self.queue.request(request, Some(&self.conversation), at())
    }

    fn add(&mut self, text: &str) -> CommandId {
        let id = CommandId::generate();
        let text = text.to_owned();
        let about = None;
        self.ask(QueueRequest::Add(NewCommand { id, text, about }))
            .unwrap();
        id
    }

    fn step(&mut self) -> Vec<u8> {
        let typing = self.queue.step(&View {
            state: &self.state,
            session_id: Some(&self.conversation),
            prompt: self.prompt.clone(),
            quiet_at: self.quiet_at,
            settled_at: self.settled_at,
            now: self.now,
            at: at(),
        });
        match typing {
            Typing::Nothing => Vec::new(),
            Typing::Keys(keys) => keys,
        }
    }

    /// The program writes something.
    fn draws(&mut self) {
        self.quiet_at += Duration::from_millis(1);
    }

    fn later(&mut self, time: Duration) -> Vec<u8> {
        self.now += time;
        self.step()
    }

    /// Lets it be pasted, shown and submitted.
    fn submit(&mut self, text: &str) {
        assert_eq!(self.step(), paste(text));
        self.prompt = draft(text);
        assert_eq!(self.step(), ENTER);
        self.prompt = Prompt::Empty;
    }

    fn acknowledge(&mut self, text: &str) {
        self.queue.acknowledged(text, self.now, at());
    }

    fn state_of(&self, id: CommandId) -> CommandState {
        let list = self.queue.list();
        let command = list.into_iter().find(|command| command.id == id);
        command.unwrap().state
    }

    fn waits(&mut self, id: CommandId, wait: CommandWait) {
        assert_eq!(self.step(), b"");
        assert_eq!(self.state_of(id), CommandState::Waiting { wait });
    }

    fn failed(&self, id: CommandId, why: NotDelivered) {
        assert_eq!(self.state_of(id), why.state(at()));
    }
}

#[test]
fn a_command_is_pasted_into_an_empty_prompt_and_submitted_once_it_stands_there() {
    let mut played = Played::new();
    let id = played.add("go on");
    assert_eq!(played.step(), paste("go on"));
    assert!(played.queue.holds_keys());
    assert_eq!(played.step(), b"", "it is not shown yet");
    played.prompt = draft("go");
    assert_eq!(played.step(), b"", "half of it is shown");
    played.prompt = draft("go on");
    assert_eq!(played.step(), ENTER);
    assert_eq!(played.step(), b"");
    assert_eq!(played.state_of(id), CommandState::Sending);
    played.acknowledge("another");
    assert_eq!(played.state_of(id), CommandState::Sending);
    played.acknowledge("go on");
    assert_eq!(played.state_of(id), CommandState::Delivered { at: at() });
    assert!(!played.queue.holds_keys() && !played.queue.is_active());
}

#[test]
fn what_stands_in_the_way_is_waited_for_and_named() {
    let mut played = Played::new();
    let id = played.add("go");
    let second = played.add("then");
    for (state, prompt, wait) in [
        (SessionState::Starting, Prompt::Hidden, CommandWait::Start),
        (WORKING, Prompt::Empty, CommandWait::Idle),
        (SessionState::Unknown, Prompt::Empty, CommandWait::Idle),
        (
            SessionState::Permission,
            Prompt::Hidden,
            CommandWait::Dialog,
        ),
        (SessionState::Question, Prompt::Empty, CommandWait::Dialog),
        (IDLE, Prompt::Hidden, CommandWait::Dialog),
        (IDLE, draft("x"), CommandWait::Draft),
        (SessionState::Shell, draft("go"), CommandWait::Draft),
        (IDLE, Prompt::Shell(String::new()), CommandWait::Draft),
    ] {
        (played.state, played.prompt) = (state, prompt);
        played.waits(id, wait);
        played.waits(second, CommandWait::Earlier);
    }
    played.prompt = Prompt::Empty;
    played.settled_at = played.now + QUIET_FOR;
    played.waits(id, CommandWait::Idle);
    assert_eq!(played.queue.deadline(), Some(played.settled_at));
    assert_eq!(played.later(QUIET_FOR), paste("go"));
}

#[test]
fn nothing_is_submitted_into_a_dialog_or_another_text() {
    for (state, prompt) in [
        (SessionState::Permission, Prompt::Hidden),
        (SessionState::Permission, draft("go")),
        (SessionState::Question, draft("go")),
    ] {
        let mut played = Played::new();
        let id = played.add("go");
        played.step();
        (played.state, played.prompt) = (state, prompt);
        assert_eq!(played.step(), b"");
        played.failed(id, NotDelivered::Interrupted);
        assert!(!played.queue.holds_keys());
    }
    let mut played = Played::new();
    let id = played.add("go");
    played.step();
    played.prompt = draft("got");
    assert_eq!(played.step(), b"");
    assert_eq!(played.later(SHOWN_WITHIN), b"");
    played.failed(id, NotDelivered::Interrupted);
}

#[test]
fn a_prompt_that_takes_no_text_is_tried_again_a_few_times() {
    let mut played = Played::new();
    let id = played.add("go");
    for _ in 0..TRIES {
        assert_eq!(played.step(), paste("go"));
        played.draws();
        assert_eq!(played.step(), b"");
        assert_eq!(played.later(SHOWN_WITHIN), b"");
    }
    played.failed(id, NotDelivered::NotTaken);
    played.acknowledge("go");
    played.failed(id, NotDelivered::NotTaken);
    played.ask(QueueRequest::Retry { id }).unwrap();
    assert_eq!(played.step(), paste("go"));
}

#[test]
fn what_a_program_that_stands_still_has_not_read_is_not_pasted_once_more() {
    let mut played = Played::new();
    let id = played.add("go");
    assert_eq!(played.step(), paste("go"));
    assert_eq!(played.later(2 * SHOWN_WITHIN), b"");
    assert_eq!(played.step(), b"");
    played.draws();
    assert_eq!(played.step(), b"", "it may have read half of it");
    played.prompt = draft("go");
    assert_eq!(played.later(SHOWN_WITHIN / 2), ENTER);
    played.acknowledge("go");
    assert_eq!(played.state_of(id), CommandState::Delivered { at: at() });

    let mut played = Played::new();
    played.add("go");
    assert_eq!(played.step(), paste("go"));
    assert_eq!(played.later(READ_WITHIN), b"");
    assert_eq!(played.step(), paste("go"), "it was lost");
}

#[test]
fn enter_is_pressed_again_only_where_the_text_is_seen_to_stand_there_still() {
    for (prompt, state, again) in [
        (draft("go"), IDLE, true),
        (draft("go"), WORKING, false),
        (Prompt::Empty, IDLE, false),
        (Prompt::Hidden, IDLE, false),
        (draft("go"), SessionState::Permission, false),
    ] {
        let mut played = Played::new();
        let id = played.add("go");
        played.submit("go");
        (played.prompt, played.state) = (prompt, state);
        let keys = played.later(ENTER_TAKEN_WITHIN);
        assert_eq!(
            keys == ENTER,
            again,
            "{:?} {:?}",
            played.prompt,
            played.state
        );
        assert!(!played.queue.holds_keys());
        for _ in 0..10 {
            assert_eq!(played.later(ENTER_TAKEN_WITHIN), b"");
        }
        let state = played.state_of(id);
        let open = matches!(
            state,
            CommandState::NotDelivered { .. } | CommandState::Sending
        );
        assert!(open, "{state:?}");
    }
}

#[test]
fn what_nobody_acknowledged_is_told_and_a_late_word_still_counts() {
    let mut played = Played::new();
    let id = played.add("go");
    played.submit("go");
    // The CLI keeps it until the turn is over.
    played.state = WORKING;
    for _ in 0..20 {
        assert_eq!(played.later(ACKNOWLEDGED_WITHIN), b"");
    }
    assert_eq!(played.state_of(id), CommandState::Sending);
    played.state = IDLE;
    played.step();
    played.later(ACKNOWLEDGED_WITHIN);
    played.failed(id, NotDelivered::NotAcknowledged);
    assert_eq!(played.step(), b"", "it is not sent again by itself");
    played.acknowledge("go ");
    assert_eq!(played.state_of(id), CommandState::Delivered { at: at() });
}

#[test]
fn after_a_delivery_the_session_is_given_time_to_begin() {
    let mut played = Played::new();
    played.add("one");
    let second = played.add("two");
    played.submit("one");
    played.acknowledge("one");
    played.waits(second, CommandWait::Idle);
    played.state = WORKING;
    played.waits(second, CommandWait::Idle);
    played.state = IDLE;
    assert_eq!(played.step(), paste("two"));
    played.prompt = draft("two");
    played.step();
    played.prompt = Prompt::Empty;
    played.acknowledge("two");
    // A command of the CLI's own may never make it work.
    played.add("three");
    assert_eq!(played.step(), b"");
    assert_eq!(played.later(BEGINS_WITHIN), paste("three"));
}

#[test]
fn a_draft_is_put_aside_where_the_person_agrees() {
    let mut played = Played::new();
    let id = played.add("go");
    played.prompt = draft("half a thought");
    played.waits(id, CommandWait::Draft);
    played.ask(QueueRequest::Agree { id }).unwrap();
    assert_eq!(played.step(), PUT_ASIDE);
    assert_eq!(played.step(), b"");
    played.prompt = Prompt::Empty;
    played.submit("go");
    played.acknowledge("go");

    // Another one is aside already, and would be lost.
    let id = played.add("then");
    played.now += BEGINS_WITHIN;
    played.prompt = Prompt::SecondDraft("another thought".to_owned());
    played.ask(QueueRequest::Agree { id }).unwrap();
    played.waits(id, CommandWait::Draft);
    played.ask(QueueRequest::Cancel { id }).unwrap();

    // One that stays where it is.
    let id = played.add("then");
    played.now += BEGINS_WITHIN;
    played.prompt = draft("stubborn");
    played.ask(QueueRequest::Agree { id }).unwrap();
    for _ in 0..TRIES {
        assert_eq!(played.step(), PUT_ASIDE);
        assert_eq!(played.later(SHOWN_WITHIN), b"");
    }
    played.failed(id, NotDelivered::NotTaken);
}

#[test]
fn another_conversation_holds_a_command_and_a_clear_takes_it_along() {
    let mut played = Played::new();
    played.state = WORKING;
    let id = played.add("go");
    let before = std::mem::replace(&mut played.conversation, conversation(2));
    played
        .queue
        .conversation_cleared(Some(&before), &played.conversation);
    played.waits(id, CommandWait::Idle);
    played.conversation = conversation(3);
    played.state = IDLE;
    played.waits(id, CommandWait::Conversation);
    // It does not hold up what was meant for this one.
    played.add("here");
    played.submit("here");
    played.acknowledge("here");
    played.now += BEGINS_WITHIN;
    played.waits(id, CommandWait::Conversation);
    played.ask(QueueRequest::Agree { id }).unwrap();
    played.submit("go");
}

#[test]
fn what_was_pasted_is_taken_back_where_the_conversation_turns_out_to_be_another() {
    let mut played = Played::new();
    let id = played.add("go");
    assert_eq!(played.step(), paste("go"));
    played.conversation = conversation(2);
    played.prompt = draft("go");
    assert_eq!(played.step(), TAKE_BACK);
    played.prompt = Prompt::Empty;
    played.waits(id, CommandWait::Conversation);

    // A clear takes it along.
    played.add("on");
    assert_eq!(played.step(), paste("on"));
    played.conversation = conversation(3);
    played
        .queue
        .conversation_cleared(Some(&conversation(2)), &played.conversation);
    played.prompt = draft("on");
    assert_eq!(played.step(), ENTER);
}

#[test]
fn what_turns_out_to_have_arrived_is_not_sent_again() {
    let mut before = Played::new();
    let id = before.add("go");
    before.submit("go");
    let mut played = Played {
        queue: Queue::restored(before.queue.list(), at()),
        ..Played::new()
    };
    assert_eq!(played.queue.unsure(), [("go".to_owned(), at())]);
    played.state = WORKING;
    played.ask(QueueRequest::Retry { id }).unwrap();
    played.waits(id, CommandWait::Idle);
    played.acknowledge("go");
    assert_eq!(played.state_of(id), CommandState::Delivered { at: at() });
    assert!(played.queue.unsure().is_empty());
    played.state = IDLE;
    assert_eq!(played.later(BEGINS_WITHIN), b"");

    // Another text is another command.
    let id = played.add("come");
    played.submit("come");
    played.step();
    played.later(ENTER_TAKEN_WITHIN);
    played.later(ACKNOWLEDGED_WITHIN);
    played.failed(id, NotDelivered::NotAcknowledged);
    let text = "stay".to_owned();
    played.ask(QueueRequest::Edit { id, text }).unwrap();
    assert!(played.queue.unsure().is_empty());
}

#[test]
fn what_an_earlier_host_left_is_held_and_what_it_was_sending_is_told() {
    let mut before = Played::new();
    let sending = before.add("one");
    let waiting = before.add("two");
    before.step();
    let mut played = Played {
        queue: Queue::restored(before.queue.list(), at()),
        ..Played::new()
    };
    played.failed(sending, NotDelivered::Ended);
    played.waits(waiting, CommandWait::Conversation);
    played.ask(QueueRequest::Agree { id: waiting }).unwrap();
    assert_eq!(played.step(), paste("two"));
    played.queue.ended(at());
    played.failed(waiting, NotDelivered::Ended);
}

#[test]
fn the_argument_of_a_start_is_being_sent_until_it_is_acknowledged() {
    let command = |text: &str| NewCommand {
        id: CommandId::generate(),
        text: text.to_owned(),
        about: None,
    };
    let first = command("first");
    let id = first.id;
    let mut played = Played::new();
    played.queue.add_argument(first, at());
    played.state = SessionState::Starting;
    let second = played.add("second");
    for _ in 0..10 {
        // As long as the trust dialog stands.
        assert_eq!(played.later(ACKNOWLEDGED_WITHIN), b"");
    }
    assert_eq!(played.state_of(id), CommandState::Sending);
    played.waits(second, CommandWait::Earlier);
    played.state = IDLE;
    assert_eq!(played.step(), b"");
    assert_eq!(played.later(ACKNOWLEDGED_WITHIN), b"");
    played.failed(id, NotDelivered::NotAcknowledged);
    played.acknowledge("first");
    assert_eq!(played.state_of(id), CommandState::Delivered { at: at() });
}

#[test]
fn requests_are_bounded_and_what_is_being_sent_is_left_alone() {
    let mut played = Played::new();
    let id = played.add("go");
    played.step();
    for request in [
        QueueRequest::Cancel { id },
        QueueRequest::Retry { id },
        QueueRequest::Agree { id },
        QueueRequest::Move { id, before: None },
    ] {
        assert_eq!(played.ask(request), Err(QueueRefusal::BeingSent));
    }
    played.ask(QueueRequest::Clear).unwrap();
    assert_eq!(played.queue.list().len(), 1);
    for n in 0..MAX_WAITING {
        played.add(&n.to_string());
    }
    let (id, text, about) = (CommandId::generate(), "x".to_owned(), None);
    let more = QueueRequest::Add(NewCommand { id, text, about });
    assert_eq!(played.ask(more), Err(QueueRefusal::TooMany));
    assert_eq!(
        played.ask(QueueRequest::Cancel { id }),
        Err(QueueRefusal::NoSuchCommand(id))
    );
}

#[test]
fn of_delivered_commands_the_last_are_kept() {
    let mut played = Played::new();
    for n in 0..KEPT_DELIVERED + 5 {
        let text = n.to_string();
        played.add(&text);
        played.submit(&text);
        played.acknowledge(&text);
        played.now += BEGINS_WITHIN;
    }
    let list = played.queue.list();
    assert_eq!(list.len(), KEPT_DELIVERED);
    assert_eq!(list[0].text, "5");
}

#[test]
fn the_name_of_a_command_is_submitted_only_where_it_stays_the_same() {
    let mut played = Played::new();
    let id = played.add("/new-mil ");
    assert_eq!(played.step(), paste("/new-mil"));
    played.prompt = draft("/new-mil");
    played.quiet_at = played.now + QUIET_FOR;
    assert_eq!(played.step(), b"", "a list of commands may come");
    played.prompt = Prompt::Completing {
        draft: "/new-mil".to_owned(),
        to: "/new-milestone".to_owned(),
    };
    assert_eq!(played.later(QUIET_FOR), b"");
    assert_eq!(played.later(SHOWN_WITHIN), TAKE_BACK);
    played.failed(id, NotDelivered::OtherCommand);

    played.prompt = Prompt::Empty;
    played.add("/new");
    assert_eq!(played.step(), paste("/new"));
    played.prompt = draft("/new");
    played.quiet_at = played.now + QUIET_FOR;
    assert_eq!(played.step(), b"");
    assert_eq!(played.later(QUIET_FOR), ENTER);
}

#[test]
fn a_text_arrives_as_it_is_taken() {
    let mut played = Played::new();
    let id = played.add("cafe\u{301} \\ ");
    assert_eq!(played.step(), b"\x1b[200~caf\xc3\xa9 \\ \x1b[201~");
    played.prompt = draft("caf\u{e9} \\");
    assert_eq!(played.step(), ENTER);
    played.acknowledge("caf\u{e9} \\");
    assert_eq!(played.state_of(id), CommandState::Delivered { at: at() });
}

#[test]
fn a_late_word_about_an_equal_text_is_none_about_what_was_not_submitted() {
    let mut played = Played::new();
    let id = played.add("go on");
    assert_eq!(played.step(), paste("go on"));
    played.acknowledge("go on");
    assert_eq!(played.state_of(id), CommandState::Sending);
    played.prompt = draft("go on");
    assert_eq!(played.step(), ENTER);
}
