use proptest::prelude::*;

use super::super::cell::{Attributes, EXTENDED, Link};
use super::super::width::char_width;
use super::*;

/// What a cell is, whatever numbers its extras have.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    ch: u32,
    width: u8,
    text: Option<String>,
    attributes: Attributes,
}

fn seen(row: &Row, extras: &Extras) -> (bool, Vec<Seen>) {
    let cells = row.written().iter().map(|cell| Seen {
        ch: cell.ch(),
        width: cell.width(),
        text: extras.combined(cell).map(str::to_owned),
        attributes: extras.attributes(cell),
    });
    (row.wrapped, cells.collect())
}

fn row_of(cells: &[Seen], wrapped: bool, extras: &mut Extras) -> Row {
    let cells = cells.iter().map(|seen| {
        let look = extras.look(&seen.attributes);
        let mut cell = look.with(seen.ch, seen.width);
        if let Some(text) = &seen.text {
            extras.combine(&mut cell, text.as_str().into());
        }
        cell
    });
    Row::from_cells(cells.collect(), wrapped)
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let link = proptest::option::of((0..3_u32, ".{0,20}")).prop_map(|link| {
        link.map(|(number, uri)| {
            Arc::new(Link {
                number,
                id: (number == 1).then(|| uri.clone()),
                uri,
            })
        })
    });
    let word = prop_oneof![
        4 => Just(0_u32),
        2 => (0..0x100_u32, 0..0x100_u32).prop_map(|(flags, value)| flags << 24 | value),
        1 => any::<u32>(),
    ];
    let extended = (0..8_u8, any::<u32>(), link).prop_map(|(underline, underline_color, link)| {
        Arc::new(Extended {
            underline,
            underline_color,
            link,
        })
    });
    (
        word.clone(),
        word,
        proptest::option::weighted(0.2, extended),
    )
        .prop_map(|(fg, bg, extended)| Attributes {
            fg,
            bg: bg & !EXTENDED | if extended.is_some() { EXTENDED } else { 0 },
            extended,
        })
}

/// Some cells that look alike.
fn cells() -> impl Strategy<Value = Vec<Seen>> {
    let text = prop_oneof![
        6 => prop_oneof![32..127_u32, Just(0)].prop_map(|ch| vec![(ch, 1, None)]),
        2 => prop::sample::select(vec!['日', '👍', '한']).prop_map(|c| vec![(c.into(), 2, None), (0, 0, None)]),
        1 => ("[a-zé日]", "[\u{300}-\u{36f}]{1,5}").prop_map(|(base, marks)| {
            let ch = base.chars().next().unwrap().into();
            vec![(ch, char_width(ch), Some(base + &marks))]
        }),
        1 => (any::<char>().prop_filter("printable", |c| !c.is_control()), 0..3_u8)
            .prop_map(|(c, width)| vec![(c.into(), width, None)]),
        1 => (0..3_u8).prop_map(|width| vec![(0, width, None)]),
    ];
    (attributes(), prop::collection::vec(text, 1..20)).prop_map(|(attributes, texts)| {
        let cells = texts.into_iter().flatten();
        let seen = cells.map(|(ch, width, text)| Seen {
            ch,
            width,
            text,
            attributes: attributes.clone(),
        });
        seen.collect()
    })
}

fn lines() -> impl Strategy<Value = Vec<(Vec<Seen>, bool)>> {
    let line = prop::collection::vec(cells(), 0..6).prop_map(|runs| runs.concat());
    prop::collection::vec((line, any::<bool>()), 1..30)
}

fn decoded(line: Line<'_>) -> (bool, Vec<Seen>) {
    let (mut row, mut extras) = (Row::default(), Extras::default());
    line.decode(&mut row, &mut extras);
    seen(&row, &extras)
}

proptest! {
    #[test]
    fn every_line_comes_back_as_it_was(lines in lines()) {
        let mut extras = Extras::default();
        let mut history = History::default();
        let mut expected = Vec::new();
        for (cells, wrapped) in &lines {
            let row = row_of(cells, *wrapped, &mut extras);
            history.push(&row, &extras);
            expected.push(seen(&row, &extras));
        }
        let there: Vec<_> = history.iter().map(decoded).collect();
        prop_assert_eq!(&there, &expected);
        // From both ends, and with a line that no longer continues the one above.
        let middle = lines.len() / 2;
        history.unwrap(middle);
        expected[middle].0 = false;
        let mut others = Extras::default();
        while history.len() > middle + 1 {
            let row = history.pop_back(&mut others).unwrap();
            prop_assert_eq!(Some(seen(&row, &others)), expected.pop());
        }
        for line in expected {
            let row = history.take_front(&mut others).unwrap();
            prop_assert_eq!(seen(&row, &others), line);
        }
        prop_assert_eq!((history.len(), history.bytes()), (0, 0));
        prop_assert!(!history.pop_front() && history.pop_back(&mut others).is_none());
    }
}

/// The buffers of a history, whatever is in them.
fn memory(history: &History) -> usize {
    let blocks = history.blocks.iter();
    let bytes = blocks.map(|block| block.bytes.capacity() + block.styles.capacity() * 8);
    bytes.sum::<usize>() + history.spare.capacity()
}

fn ten_thousand(row: &Row, extras: &Extras) -> History {
    let mut history = History::default();
    for _ in 0..25_000 {
        history.push(row, extras);
        if history.len() > 10_000 {
            history.pop_front();
        }
    }
    history
}

#[test]
fn ten_thousand_full_lines_take_little_more_than_their_text() {
    let mut extras = Extras::default();
    let plain = Row::new(120, Cell::BLANK.with(b'x'.into(), 1), false);
    let kept = memory(&ten_thousand(&plain, &extras));
    assert!(kept < 1_350_000, "{kept} bytes of plain text");
    let mut cells = Vec::new();
    for word in 0..12_u32 {
        let look = extras.look(&Attributes {
            fg: [0, 0x0100_0002, 0x0300_0000 | word << 16, 0x0800_0000][word as usize % 4],
            ..Attributes::default()
        });
        cells.extend([look.with(b'x'.into(), 1); 10]);
    }
    let kept = memory(&ten_thousand(&Row::from_cells(cells, false), &extras));
    assert!(
        kept < 2_000_000,
        "{kept} bytes with twelve colours in a line"
    );
}

#[test]
fn a_thousand_columns_of_combined_characters_and_links_keep_to_the_limit() {
    use super::super::{Screen, ScrollbackLimits};
    use crate::model::TerminalSize;

    let limits = ScrollbackLimits {
        lines: 10_000,
        bytes: 1024 * 1024,
    };
    let size = TerminalSize {
        cols: 1000,
        rows: 10,
    };
    let mut screen = Screen::new(size, limits);
    let cell = format!(
        "\x1b]8;;https://example.org/{}\x1b\\e{}",
        "x".repeat(2000),
        "\u{301}".repeat(40)
    );
    for _ in 0..20 {
        screen.feed(cell.repeat(1000).as_bytes(), std::time::Instant::now());
    }
    let history = &screen.terminal.normal.history;
    assert!(history.bytes() <= limits.bytes || history.len() == 1);
    let styles: usize = history.blocks.iter().map(|b| b.style_bytes).sum();
    assert!(memory(history) + styles < 8 * limits.bytes);
}
