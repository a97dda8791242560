//! Frames in pieces, from strangers, and from other versions.

use proptest::prelude::*;

use super::*;
use crate::session::queue::{CommandId, NewCommand};

fn requests() -> impl Strategy<Value = Request> {
    let size =
        (any::<u16>(), any::<u16>(), any::<bool>()).prop_map(|(cols, rows, visible)| ViewerSize {
            cols,
            rows,
            visible,
        });
    prop_oneof![
        (size.clone(), any::<String>(), any::<[bool; 2]>()).prop_map(
            |(size, name, [repaints, cells])| {
                Request::Attach(Attach {
                    size,
                    name,
                    palette: None,
                    repaints,
                    cells,
                })
            }
        ),
        proptest::collection::vec(any::<u8>(), 1..300).prop_map(Request::Input),
        size.prop_map(Request::Resize),
        (any::<u64>(), any::<Option<u64>>())
            .prop_map(|(offset, painted)| Request::Ack(Ack { offset, painted })),
        proptest::collection::vec(any::<u8>(), 0..64).prop_map(Request::Ping),
        Just(Request::Kill),
        Just(Request::Watch),
        any::<bool>().prop_map(|coloured| Request::Text { coloured }),
        (any::<String>(), any::<bool>()).prop_map(|(pattern, regex)| {
            Request::Find(FindQuery {
                prompts: true,
                pattern,
                regex,
                case_sensitive: !regex,
                whole_word: regex,
            })
        }),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Request::Hook),
        any::<String>().prop_map(|text| Request::Queue(QueueRequest::Add(NewCommand {
            id: CommandId::generate(),
            text,
            about: None,
        }))),
        (any::<u32>(), any::<Option<String>>()).prop_map(|(turns, tool)| {
            Request::Report(Box::new(RunReport {
                turns,
                tool,
                ..RunReport::default()
            }))
        }),
    ]
}

proptest! {
    #[test]
    fn requests_arrive_as_they_were_sent_whatever_pieces_they_come_in(
        requests in proptest::collection::vec(requests(), 1..20),
        piece in 1_usize..200,
    ) {
        let mut bytes = Vec::new();
        for request in &requests {
            request.write_to(&mut bytes);
        }
        let mut reader = FrameReader::default();
        let mut received = Vec::new();
        for part in bytes.chunks(piece) {
            reader.push(part);
            while let Some(frame) = reader.next_frame().unwrap() {
                received.push(Request::read(frame).unwrap());
            }
        }
        prop_assert_eq!(received, requests);
    }

    #[test]
    fn no_bytes_from_a_stranger_make_a_reader_panic_or_grow(
        bytes in proptest::collection::vec(any::<u8>(), 0..4000),
    ) {
        let mut reader = FrameReader::default();
        reader.push(&bytes);
        while let Ok(Some(frame)) = reader.next_frame() {
            let _ = Request::read(frame.clone());
            let _ = Reply::read(frame);
        }
    }
}

/// The frame that a viewer gets of this.
fn frame_of(reply: &Reply) -> Frame {
    let mut bytes = Vec::new();
    reply.write_to(&mut bytes);
    let mut reader = FrameReader::default();
    reader.push(&bytes);
    let frame = reader.next_frame().unwrap().unwrap();
    assert!(Reply::is_for_viewer(frame.kind));
    frame
}

#[test]
fn output_keeps_its_offset_and_its_bytes() {
    let reply = Reply::Output {
        offset: u64::MAX - 7,
        bytes: b"\xff\x1b[0m".to_vec(),
    };
    assert_eq!(Reply::read(frame_of(&reply)).unwrap(), Some(reply));
}

#[test]
fn lines_as_cells_are_for_viewers_and_keep_their_bytes() {
    let reply = Reply::SnapshotLines(vec![0xff; 20]);
    assert_eq!(Reply::read(frame_of(&reply)).unwrap(), Some(reply));
}

#[test]
fn a_repaint_keeps_what_it_says_and_its_bytes() {
    let reply = Reply::Repaint(Repainted {
        offset: u64::MAX - 7,
        first_line: 1 << 40,
        size: TerminalSize {
            cols: 1000,
            rows: 5,
        },
        bytes: b"\x1b[2Jab\xff".to_vec(),
    });
    let frame = frame_of(&reply);
    let cut = Frame {
        kind: frame.kind,
        payload: frame.payload[..19].to_vec(),
    };
    assert!(Reply::read(cut).is_err());
    assert_eq!(Reply::read(frame).unwrap(), Some(reply));
}

#[test]
fn what_an_older_window_says_of_itself_is_understood() {
    let attach = br#"{"cols":80,"rows":24,"visible":true,"name":"window"}"#;
    let mut bytes = Vec::new();
    write_frame(&mut bytes, kind::ATTACH, &[attach]);
    write_frame(&mut bytes, kind::ACK, &[&7_u64.to_be_bytes()]);
    let mut reader = FrameReader::default();
    reader.push(&bytes);
    let mut next = || Request::read(reader.next_frame().unwrap().unwrap()).unwrap();
    assert!(matches!(next(), Request::Attach(attach) if !attach.repaints && !attach.cells));
    let ack = Ack {
        offset: 7,
        painted: None,
    };
    assert_eq!(next(), Request::Ack(ack));
}

#[test]
fn a_reply_of_a_newer_host_is_passed_over_and_a_request_of_one_is_refused() {
    let frame = Frame {
        kind: 0xf0,
        payload: vec![1, 2, 3],
    };
    assert_eq!(Reply::read(frame.clone()).unwrap(), None);
    assert_eq!(
        Request::read(frame),
        Err(FrameError::UnknownKind { kind: 0xf0 })
    );
}

#[test]
fn input_longer_than_a_frame_is_sent_in_several() {
    let long = vec![b'x'; 3 * CHUNK_BYTES + 1];
    let mut bytes = Vec::new();
    Request::Input(long.clone()).write_to(&mut bytes);
    let mut reader = FrameReader::default();
    reader.push(&bytes);
    let mut received = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        assert!(frame.payload.len() < MAX_FRAME_BYTES);
        received.extend(frame.payload);
    }
    assert_eq!(received, long);
}
