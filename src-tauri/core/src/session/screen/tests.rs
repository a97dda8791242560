use std::time::Instant;

use super::events::CLIPBOARD_LIMIT;
use super::*;

const SIZE: TerminalSize = TerminalSize { cols: 40, rows: 10 };

fn screen(stream: &str) -> Screen {
    let mut screen = Screen::new(SIZE, ScrollbackLimits::default());
    screen.feed(stream.as_bytes(), Instant::now());
    screen
}

fn replies(stream: &str) -> String {
    String::from_utf8(screen(stream).take_replies()).unwrap()
}

#[test]
fn text_appears_where_it_is_written() {
    let screen = screen("hello\r\n\x1b[5Gworld");
    assert!(screen.text().starts_with("hello\n    world\n"));
}

#[test]
fn a_snapshot_fed_to_a_fresh_screen_gives_the_same_snapshot() {
    let first = screen("a\r\nb\x1b[31mc\x1b[3;7Hx\x1b[?1049halternate\x1b[2;5r\x1b[?2004h\x1b[3");
    let snapshot = first.snapshot().into_stream();
    let mut second = Screen::new(SIZE, ScrollbackLimits::default());
    second.feed(&snapshot, Instant::now());
    assert_eq!(first.text(), second.text());
    assert_eq!(
        String::from_utf8_lossy(&snapshot),
        String::from_utf8_lossy(&second.snapshot().into_stream())
    );
}

#[test]
fn a_snapshot_has_the_cursor_s_style_and_blinking_only_where_the_program_asked_for_them() {
    let cursor = |stream: &str| {
        let snapshot = String::from_utf8(screen(stream).snapshot().into_stream()).unwrap();
        ["?12h", "?12l", "5 q", "0 q"].map(|part| snapshot.contains(part))
    };
    assert_eq!(cursor("a"), [false; 4]);
    assert_eq!(cursor("\x1b[5 qa"), [false, false, true, false]);
    assert_eq!(cursor("\x1b[5 qa\x1b[0 q"), [false; 4]);
    assert_eq!(cursor("\x1b[?12h"), [true, false, false, false]);
    assert_eq!(cursor("\x1b[?12h\x1b[?12l"), [false, true, false, false]);
    assert_eq!(replies("\x1b[?12$p"), "\x1b[?12;2$y");
    assert_eq!(replies("\x1b[?12h\x1b[?12$p"), "\x1b[?12;1$y");
}

#[test]
fn each_query_is_answered_once() {
    assert_eq!(replies("\x1b[c"), "\x1b[?62;22c");
    assert_eq!(replies("\x1b[>c"), "\x1b[>0;276;0c");
    assert_eq!(replies("ab\x1b[6n"), "\x1b[1;3R");
    assert_eq!(replies("\x1b[?6n"), "\x1b[?1;1R");
    assert_eq!(replies("\x1b[5n"), "\x1b[0n");
    assert_eq!(replies("\x1b[?2026$p"), "\x1b[?2026;2$y");
    assert_eq!(replies("\x1b[4$p"), "\x1b[4;2$y");
    assert_eq!(replies("\x1b[?12345$p"), "\x1b[?12345;0$y");
    assert_eq!(replies("\x1b[18t"), "\x1b[8;10;40t");
    assert_eq!(replies("\x1b[?996n"), "\x1b[?997;1n");
    assert!(replies("\x1b[>q").starts_with("\x1bP>|Reprise("));
    assert_eq!(replies("\x1b]11;?\x07"), "\x1b]11;rgb:0000/0000/0000\x07");
    assert_eq!(
        replies("\x1b]4;1;?\x1b\\"),
        "\x1b]4;1;rgb:cccc/0000/0000\x1b\\"
    );
    assert_eq!(
        replies("\x1b[1;4:3;38;5;9m\x1bP$qm\x1b\\"),
        "\x1bP1$r0;1;38;5;9;4:3m\x1b\\"
    );
    assert_eq!(replies("\x1bP$qr\x1b\\"), "\x1bP1$r1;10r\x1b\\");
    assert_eq!(replies("\x1bP$q q\x1b\\"), "\x1bP1$r2 q\x1b\\");
}

#[test]
fn unknown_queries_and_reads_of_the_clipboard_are_not_answered() {
    assert_eq!(
        replies("\x1b]52;c;?\x07\x1bP+q544e\x1b\\\x1b[14t\x1b[=c"),
        ""
    );
}

#[test]
fn the_keyboards_protocols_are_told_as_they_stand_on_each_screen() {
    assert_eq!(replies("\x1b[?u"), "\x1b[?0u");
    assert_eq!(
        replies("\x1b[>5u\x1b[?u\x1b[?1049h\x1b[?u\x1b[=2;2u\x1b[?u\x1b[?1049l\x1b[?u"),
        "\x1b[?5u\x1b[?0u\x1b[?2u\x1b[?5u"
    );
    assert_eq!(
        replies("\x1b[>1u\x1b[>31u\x1b[<u\x1b[?u\x1b[<9u\x1b[?u"),
        "\x1b[?1u\x1b[?0u"
    );
    assert_eq!(replies("\x1b[>5u\x1bc\x1b[?u"), "\x1b[?0u");
    assert_eq!(
        replies("\x1b[?4m\x1b[>4;2m\x1b[?4m\x1b[>4m\x1b[?4m\x1b[>4;1m\x1b[>4n\x1b[?4m"),
        "\x1b[>4;0m\x1b[>4;2m\x1b[>4;0m\x1b[>4;0m"
    );
}

#[test]
fn what_is_asked_of_the_surroundings_comes_as_events() {
    let mut screen = screen(
        "\x07\x1b]2;my title\x07\x1b]52;c;aGk=\x07\x1b]9;done\x07\x1b]777;notify;a;b\x07\
         \x1b]9;4;1;42\x07\x1b]7;file://host/tmp/a%20b\x07\x1b]99;;kitty\x1b\\",
    );
    let notification = |title: Option<&str>, body: &str| ScreenEvent::Notification {
        title: title.map(str::to_owned),
        body: body.to_owned(),
    };
    assert_eq!(
        screen.take_events(),
        [
            ScreenEvent::Bell,
            ScreenEvent::Title {
                title: "my title".to_owned()
            },
            ScreenEvent::Clipboard {
                selection: "c".to_owned(),
                text: "hi".to_owned(),
                too_long: false,
            },
            notification(None, "done"),
            notification(Some("a"), "b"),
            ScreenEvent::Progress {
                state: ProgressState::Normal,
                percent: Some(42)
            },
            ScreenEvent::WorkingDirectory {
                path: "/tmp/a b".to_owned()
            },
            notification(None, "kitty"),
        ]
    );
    assert_eq!(screen.title(), Some("my title"));
    assert!(screen.take_events().is_empty());
}

#[test]
fn a_text_too_long_for_the_clipboard_is_told_and_nothing_of_it_copied() {
    let too_long = [ScreenEvent::Clipboard {
        selection: "c".to_owned(),
        text: String::new(),
        too_long: true,
    }];
    // `AAAA` is three zero bytes, each of which takes six in a frame.
    for length in [50_000 * 4, 2_000_000] {
        let mut screen = screen(&format!("\x1b]52;c;{}\x07", "A".repeat(length)));
        assert_eq!(screen.take_events(), too_long, "{length}");
    }
    // Its quotation marks stand in the frame as well.
    let longest = "YWFh".repeat(CLIPBOARD_LIMIT / 3 - 1);
    let mut screen = screen(&format!("\x1b]52;c;{longest}\x07"));
    let events = screen.take_events();
    assert!(
        matches!(&events[..], [ScreenEvent::Clipboard { text, too_long: false, .. }]
            if text.len() == CLIPBOARD_LIMIT - 3)
    );
}

#[test]
fn a_reset_ends_the_progress_of_a_program_that_died() {
    let mut screen = screen("\x1b]9;4;1;42\x07");
    screen.take_events();
    screen.feed(b"\x1bc\x1bc", Instant::now());
    let ended = ScreenEvent::Progress {
        state: ProgressState::None,
        percent: None,
    };
    assert_eq!(screen.take_events(), [ended]);
    screen.feed(b"\x1bc", Instant::now());
    assert!(screen.take_events().is_empty());
}

#[test]
fn a_synchronized_update_held_too_long_can_be_ended() {
    let mut screen = screen("\x1b[?2026hhalf");
    assert!(screen.sync_deadline().is_some());
    screen.end_sync();
    assert_eq!(screen.sync_deadline(), None);
    screen.feed(b"\x1b[?2026$p", Instant::now());
    assert_eq!(screen.take_replies(), b"\x1b[?2026;2$y");
}

#[test]
fn scrollback_is_bounded_by_lines_and_by_bytes() {
    let lines = ScrollbackLimits {
        lines: 100,
        bytes: 1 << 30,
    };
    let mut screen = Screen::new(SIZE, lines);
    for i in 0..1000 {
        screen.feed(format!("line {i}\r\n").as_bytes(), Instant::now());
    }
    assert_eq!(screen.terminal.normal.history.len(), 100);
    assert_eq!(screen.snapshot().first_line, 1001 - 10 - 100);
    let bytes = ScrollbackLimits {
        lines: 10_000,
        bytes: 20_000,
    };
    let mut screen = Screen::new(SIZE, bytes);
    for _ in 0..1000 {
        screen.feed("x".repeat(40).as_bytes(), Instant::now());
    }
    let kept = screen.terminal.normal.history.bytes();
    assert!(kept <= 20_000, "{kept} bytes kept");
}

#[test]
fn a_resize_keeps_the_text_and_the_place_of_the_cursor() {
    let mut screen = screen(&format!("{}\r\n$ ls", "0123456789".repeat(6)));
    screen.resize(TerminalSize { cols: 20, rows: 10 });
    assert!(
        screen.text().starts_with(
            "01234567890123456789\n01234567890123456789\n01234567890123456789\n$ ls\n"
        )
    );
    screen.resize(TerminalSize { cols: 80, rows: 24 });
    assert!(screen.text().starts_with(&"0123456789".repeat(6)));
    screen.feed(b"\x1b[6n", Instant::now());
    assert_eq!(screen.take_replies(), b"\x1b[2;5R");
}

#[test]
fn the_picture_keeps_to_its_limit_and_loses_the_top_first() {
    let screen = screen("one\r\ntwo\r\nthree");
    let whole = screen.picture(64 * 1024);
    let mut viewer = Screen::new(SIZE, ScrollbackLimits::default());
    viewer.feed(&whole, Instant::now());
    assert_eq!(viewer.text(), screen.text());
    let small = String::from_utf8(screen.picture(55)).unwrap();
    assert!(small.len() <= 55 && small.contains("three") && !small.contains("one"));
}

#[test]
fn no_bytes_and_no_size_make_it_panic() {
    let mut state = 1u64;
    let mut random = move |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let alphabet = b"\x1b\x1b[[?;0123456789:HJKLMPSTXrhlmsu@ABCDbIZ'}~ \"q$p78DMEc#(0)\x0e\x0f\t\n\r\x08ab\xe6\x97\xa5\xcc\x81\xf0\x9f\x91\x8d]\x07P\\";
    for _ in 0..300 {
        let mut screen = screen("");
        for _ in 0..30 {
            let bytes: Vec<u8> = (0..random(200))
                .map(|_| match random(20) {
                    0 => random(256) as u8,
                    _ => alphabet[random(alphabet.len() as u64) as usize],
                })
                .collect();
            screen.feed(&bytes, Instant::now());
            if random(4) == 0 {
                screen.resize(TerminalSize {
                    cols: random(130) as u16,
                    rows: random(60) as u16,
                });
            }
            let snapshot = screen.snapshot();
            let mut viewer = Screen::new(snapshot.size, ScrollbackLimits::default());
            viewer.feed(&snapshot.into_stream(), Instant::now());
            assert_eq!(viewer.text(), screen.text());
            screen.picture(1000);
        }
    }
}
