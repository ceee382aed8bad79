//! The framer against the WHATWG grammar, against every cut, and against another implementation.

use super::*;
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, StreamExt, stream};
use proptest::prelude::*;

/// Event name and data of a frame; what a decoder sees.
type Said = (String, Option<String>);

fn frames_of(chunks: impl IntoIterator<Item = Bytes>, max: usize) -> Vec<Frame> {
    let mut framer = SseFramer::new(max);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(chunk);
        while let Some(frame) = framer.next_frame().unwrap() {
            frames.push(frame);
        }
    }
    frames.extend(framer.finish());
    assert_eq!(framer.finish(), None);
    frames
}

fn whole(bytes: &[u8]) -> Vec<Frame> {
    frames_of([Bytes::copy_from_slice(bytes)], SseFramer::DEFAULT_MAX)
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn said(frames: &[Frame]) -> Vec<Said> {
    frames.iter().map(|frame| (text(&frame.event), frame.data.as_ref().map(text))).collect()
}

fn joined(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.raw.to_vec()).collect()
}

/// What a golden row expects of one frame: event and data.
type Want<'a> = (&'a str, Option<&'a str>);

#[test]
fn golden() {
    let table: &[(&str, &[Want<'_>])] = &[
        ("", &[]),
        ("\n\n\r\r\r\n", &[]),
        ("data: a\n\n", &[("", Some("a"))]),
        ("data:a\n\n", &[("", Some("a"))]),
        ("data:  a\n\n", &[("", Some(" a"))]),
        ("data: a \n\n", &[("", Some("a "))]),
        ("data:\n\n", &[("", Some(""))]),
        ("data\n\n", &[("", Some(""))]),
        ("data: \n\n", &[("", Some(""))]),
        ("data:\ndata:\n\n", &[("", Some("\n"))]),
        ("data: a\ndata: b\ndata:c\n\n", &[("", Some("a\nb\nc"))]),
        ("data: a\nevent: e\ndata: b\n\n", &[("e", Some("a\nb"))]),
        ("event: a\nevent: b\ndata: c\n\n", &[("b", Some("c"))]),
        ("event: a\nevent:\ndata: c\n\n", &[("", Some("c"))]),
        ("event: e\n\n", &[("e", None)]),
        (": comment\n\n", &[("", None)]),
        (":\n\n", &[("", None)]),
        (": a\ndata: b\n: c\n\n", &[("", Some("b"))]),
        ("id: 1\nretry: 10\ndata: a\nother: x\n\n", &[("", Some("a"))]),
        ("Data: a\nDATA: b\n data: c\ndata : d\n\n", &[("", None)]),
        ("data: a:b: c\n\n", &[("", Some("a:b: c"))]),
        ("data: a\r\n\r\n", &[("", Some("a"))]),
        ("data: a\r\r", &[("", Some("a"))]),
        ("data: a\n\r\n", &[("", Some("a"))]),
        ("data: a\r\n\n", &[("", Some("a"))]),
        (
            "data: a\n\rdata: b\r\n\rdata: c\r\r",
            &[("", Some("a")), ("", Some("b")), ("", Some("c"))],
        ),
        ("data: a\r\r\ndata: b\n\n", &[("", Some("a")), ("", Some("b"))]),
        ("\u{feff}data: a\n\ndata: b\n\n", &[("", Some("a")), ("", Some("b"))]),
        ("data: a\n\n\u{feff}data: b\n\n", &[("", Some("a")), ("", None)]),
        ("\n\u{feff}data: a\n\n", &[("", None)]),
        ("\u{feff}\n\ndata: a\n\n", &[("", None), ("", Some("a"))]),
        ("data: a\u{2028}b\u{85}c\n\n", &[("", Some("a\u{2028}b\u{85}c"))]),
        ("data: a\0b\n\n", &[("", Some("a\0b"))]),
        ("\n\ndata: a\n\n\n\ndata: b\n\n\n", &[("", Some("a")), ("", Some("b"))]),
        // What the transport's end leaves over.
        ("data: a\n\ndata: [DONE]", &[("", Some("a")), ("", Some("[DONE]"))]),
        ("data: a\n", &[("", Some("a"))]),
        ("data: a\r", &[("", Some("a"))]),
        ("data: a\r\n\r", &[("", Some("a"))]),
        ("data: a\n\n: bye", &[("", Some("a"))]),
        ("data: a\n\nevent: x", &[("", Some("a")), ("x", None)]),
        ("<html>\n<body>\n\n", &[("", None)]),
        ("{\"error\":1}", &[("", None)]),
    ];
    for (input, want) in table {
        let frames = whole(input.as_bytes());
        let want: Vec<Said> = want
            .iter()
            .map(|(event, data)| ((*event).to_owned(), data.map(str::to_owned)))
            .collect();
        assert_eq!(said(&frames), want, "{input:?}");
    }
}

#[test]
fn a_frame_within_a_chunk_is_a_slice_of_it() {
    let chunk = Bytes::from_static(b"event: e\ndata: {\"a\":1}\n\ndata: b\n\n");
    let frames = frames_of([chunk.clone()], 64);
    let start = chunk.as_ptr() as usize;
    let within = |part: &Bytes| (start..start + chunk.len()).contains(&(part.as_ptr() as usize));
    for frame in &frames {
        assert!(within(&frame.raw), "{frame:?}");
        assert!(within(frame.data.as_ref().unwrap()), "{frame:?}");
    }
    assert!(within(&frames[0].event));
    assert_eq!(frames[1].raw, "data: b\n\n");
}

#[test]
fn data_is_a_slice_of_raw_across_chunks_too() {
    let frames = frames_of([Bytes::from_static(b"data: a"), Bytes::from_static(b"b\n\n")], 64);
    let raw = frames[0].raw.as_ptr() as usize;
    assert_eq!(frames[0].data.as_ref().unwrap().as_ptr() as usize, raw + "data: ".len());
}

/// Streams of vendors, and the worst of each grammar rule.
fn corpus() -> Vec<Vec<u8>> {
    let openai = "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"h\u{e9}\u{1f600}\"}}]}\n\n\
                  : ping\n\ndata: {\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n";
    let anthropic = "event: message_start\ndata: {\"type\":\"message_start\"}\n\n\
                     event: ping\ndata: {\"type\":\"ping\"}\n\n\
                     event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let odd =
        "\u{feff}: hi\nid: 7\nretry: 5\ndata: a\ndata:b\ndata\n\n\n\nevent:x\ndata:  y\n\ndata";
    let mut all = Vec::new();
    for stream in [openai, anthropic, odd, "data: a\r\n\r\r\n\r\rdata: b\n\r\ndata: c\r\r\r"] {
        for end in ["\n", "\r\n", "\r"] {
            all.push(stream.replace('\n', end).into_bytes());
        }
    }
    all.push(b"data: \xff\xfe\n\ndata: \xf0\x9f\n\n".to_vec());
    all
}

#[test]
fn every_cut_gives_the_same_frames() {
    for stream in corpus() {
        let want = whole(&stream);
        for cut in 0..=stream.len() {
            let (a, b) = stream.split_at(cut);
            let chunks = [a, b].map(Bytes::copy_from_slice);
            assert_eq!(frames_of(chunks, 4096), want, "cut at {cut} of {}", stream.escape_ascii());
        }
        let bytes = stream.iter().map(|byte| Bytes::copy_from_slice(&[*byte]));
        assert_eq!(frames_of(bytes, 4096), want, "{}", stream.escape_ascii());
    }
}

#[test]
fn chunks_may_be_pushed_ahead() {
    for stream in corpus() {
        let want = whole(&stream);
        let mut framer = SseFramer::new(4096);
        for chunk in stream.chunks(3) {
            framer.push(Bytes::copy_from_slice(chunk));
        }
        let frames: Vec<Frame> = std::iter::from_fn(|| framer.finish()).collect();
        assert_eq!(frames, want, "{}", stream.escape_ascii());
    }
}

#[test]
fn line_ends_are_equivalent() {
    for stream in corpus() {
        let Ok(stream) = String::from_utf8(stream) else { continue };
        let lf = stream.replace("\r\n", "\n").replace('\r', "\n");
        let want = said(&whole(lf.as_bytes()));
        for end in ["\r\n", "\r"] {
            assert_eq!(said(&whole(lf.replace('\n', end).as_bytes())), want, "{end:?} in {lf:?}");
        }
    }
}

#[test]
fn a_stream_of_lone_crs_is_not_held_back() {
    let mut framer = SseFramer::new(64);
    framer.push(Bytes::from_static(b"data: a\r\r"));
    assert_eq!(framer.next_frame().unwrap().unwrap().data.unwrap(), "a");
    // While behind a CRLF, the LF is awaited so that the frame keeps its last byte.
    framer.push(Bytes::from_static(b"data: b\r\n\r"));
    assert_eq!(framer.next_frame().unwrap(), None);
    framer.push(Bytes::from_static(b"\n"));
    assert_eq!(framer.next_frame().unwrap().unwrap().raw, "data: b\r\n\r\n");
}

#[test]
fn the_bound_is_the_same_however_the_stream_is_cut() {
    let stream = b"data: 0123456789\n\n";
    for step in 1..=stream.len() {
        let chunks = || stream.chunks(step).map(Bytes::copy_from_slice);
        assert_eq!(frames_of(chunks(), stream.len()).len(), 1);
        let mut framer = SseFramer::new(stream.len() - 1);
        let mut result = Ok(None);
        for chunk in chunks() {
            framer.push(chunk);
            result = framer.next_frame();
        }
        let error = FrameError::TooLarge { max: stream.len() - 1 };
        assert_eq!(result, Err(error.clone()), "in chunks of {step}");
        framer.push(Bytes::from_static(b"data: a\n\n"));
        assert_eq!(framer.next_frame(), Err(error));
        assert_eq!(framer.finish(), None);
    }
}

#[test]
fn an_endless_frame_is_refused_before_it_fills_memory() {
    let mut framer = SseFramer::new(1000);
    let mut pushed = 0;
    while framer.next_frame().is_ok() {
        assert!(framer.partial.capacity() <= 1000);
        framer.push(Bytes::from_static(&[b'x'; 100]));
        pushed += 100;
    }
    assert_eq!(pushed, 1100);
    assert_eq!((framer.partial.capacity(), framer.chunks.len()), (0, 0));
}

#[test]
fn giant_frames_come_whole() {
    for size in [63 << 10, 64 << 10, (64 << 10) + 1, (1 << 20) - 1, 1 << 20, 17 << 20] {
        let mut stream = b"data: ".to_vec();
        stream.resize(size - 2, b'x');
        stream.extend(b"\n\n");
        let stream = Bytes::from(stream);
        for step in [1460, 16 << 10, 1 << 20] {
            let chunks = (0..size).step_by(step).map(|at| stream.slice(at..size.min(at + step)));
            let frames = frames_of(chunks, 32 << 20);
            assert_eq!(frames.len(), 1);
            assert!(frames[0].raw == stream, "{size} in chunks of {step}");
        }
    }
}

/// Lines that meet every rule, with ends of every kind.
fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("data: ".to_owned()),
        Just("data".to_owned()),
        Just("event: ".to_owned()),
        Just("id: 1".to_owned()),
        Just(":".to_owned()),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n\n".to_owned()),
        "[a-z\u{e9}\u{1f600}]{0,5}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

fn chunked(bytes: &[u8], sizes: &[usize]) -> Vec<Bytes> {
    let mut rest = bytes;
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, tail) = rest.split_at((*size).min(rest.len()));
        chunks.push(Bytes::copy_from_slice(chunk));
        rest = tail;
    }
    chunks
}

proptest! {
    #[test]
    fn raw_bytes_are_the_stream_and_cuts_change_nothing(
        stream in prop_oneof![stream_bytes(), prop::collection::vec(any::<u8>(), 0..200)],
        sizes in prop::collection::vec(1_usize..9, 1..9),
    ) {
        let frames = frames_of(chunked(&stream, &sizes), 4096);
        prop_assert_eq!(&frames, &whole(&stream));
        let relayed = joined(&frames);
        prop_assert!(stream.starts_with(&relayed));
        let rest = &stream[relayed.len()..];
        let mut lines = rest.split(|byte| matches!(byte, b'\r' | b'\n'));
        prop_assert!(lines.all(|line| line.is_empty() || line.starts_with(b":")
            || (relayed.is_empty() && line.starts_with(b"\xEF\xBB\xBF"))));
        // Closed by a blank line, nothing is left over.
        let mut closed = stream.clone();
        closed.extend(b"\nx\n\n");
        prop_assert_eq!(joined(&whole(&closed)), closed);
    }

    #[test]
    fn another_implementation_reads_the_same(
        stream in stream_bytes(),
        sizes in prop::collection::vec(1_usize..9, 1..9),
    ) {
        let mut stream = stream;
        stream.extend(b"\n\n");
        let ours: Vec<Said> = said(&whole(&stream))
            .into_iter()
            .filter(|(_, data)| data.is_some())
            .map(|(event, data)| (if event.is_empty() { "message".to_owned() } else { event }, data))
            .collect();
        let chunks = chunked(&stream, &sizes);
        let theirs: Vec<Said> = stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>))
            .eventsource()
            .map(|event| event.map(|event| (event.event, Some(event.data))).unwrap())
            .collect::<Vec<_>>()
            .now_or_never()
            .unwrap();
        prop_assert_eq!(ours, theirs);
    }
}
