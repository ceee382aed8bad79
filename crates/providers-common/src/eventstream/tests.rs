//! The binary framing: every cut, every type, and what is no message.

use super::*;
use proptest::prelude::*;

const EVENT: &[(&str, &str)] = &[
    (":event-type", "contentBlockDelta"),
    (":content-type", "application/json"),
    (":message-type", "event"),
];

fn read(chunks: &[&[u8]], max: usize) -> Result<Vec<Frame>, FrameError> {
    let mut framer = EventStreamFramer::new(max);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(Bytes::copy_from_slice(chunk));
        while let Some(frame) = framer.next_frame()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

/// A message as AWS's documentation of the format has it, byte by byte: an event without headers, and
/// one with a header, from the vectors that its SDKs share.
#[test]
fn published_messages_are_read_and_written() {
    let empty: &[u8] = &[0, 0, 0, 16, 0, 0, 0, 0, 5, 194, 72, 235, 125, 152, 200, 255];
    assert_eq!(write(&[], b""), empty);
    let with_payload: &[u8] = &[
        0, 0, 0, 29, 0, 0, 0, 0, 253, 82, 140, 90, 123, 39, 102, 111, 111, 39, 58, 39, 98, 97, 114,
        39, 125, 195, 101, 57, 54,
    ];
    assert_eq!(write(&[], b"{'foo':'bar'}"), with_payload);
    let with_header: &[u8] = &[
        0, 0, 0, 45, 0, 0, 0, 16, 65, 196, 36, 184, 10, 101, 118, 101, 110, 116, 45, 116, 121, 112,
        101, 4, 0, 0, 160, 12, 123, 39, 102, 111, 111, 39, 58, 39, 98, 97, 114, 39, 125, 54, 244,
        128, 160,
    ];
    assert_eq!(write(&[("event-type", HeaderValue::Int(40972))], b"{'foo':'bar'}"), with_header);
    for (bytes, payload) in
        [(empty, &b""[..]), (with_payload, b"{'foo':'bar'}"), (with_header, b"{'foo':'bar'}")]
    {
        let frames = read(&[bytes], 1 << 20).unwrap();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].data.as_deref(), Some(payload));
        assert_eq!(frames[0].kind, FrameKind::Event);
        assert_eq!(frames[0].event, "");
    }
}

#[test]
fn events_exceptions_and_errors_are_told_apart() {
    let exception: &[(&str, &str)] =
        &[(":exception-type", "throttlingException"), (":message-type", "exception")];
    let error: &[(&str, &str)] =
        &[(":message-type", "error"), (":error-code", "Oops"), (":error-message", "it broke")];
    for (headers, payload, kind, event, data) in [
        (EVENT, "{\"p\":1}", FrameKind::Event, "contentBlockDelta", "{\"p\":1}"),
        (exception, "{}", FrameKind::Exception, "throttlingException", "{}"),
        (error, "", FrameKind::Error, "Oops", "it broke"),
    ] {
        let raw = message(headers, payload.as_bytes());
        let frames = read(&[&raw], 1 << 20).unwrap();
        let [frame] = &frames[..] else { panic!("{frames:?}") };
        assert_eq!((frame.kind, &*frame.event), (kind, event.as_bytes()));
        assert_eq!(frame.data.as_deref(), Some(data.as_bytes()));
        assert_eq!(frame.raw, raw);
    }
}

#[test]
fn headers_of_every_type_are_read_as_they_were_written() {
    let values = [
        HeaderValue::Bool(true),
        HeaderValue::Bool(false),
        HeaderValue::Byte(-7),
        HeaderValue::Short(-300),
        HeaderValue::Int(70_000),
        HeaderValue::Long(-1 << 40),
        HeaderValue::Bytes(Bytes::from_static(b"\x00\xFF")),
        HeaderValue::Text(Bytes::from_static(b"text")),
        HeaderValue::Timestamp(1_700_000_000_000),
        HeaderValue::Uuid([9; 16]),
    ];
    let named: Vec<(&str, HeaderValue)> = values.iter().map(|v| ("name", v.clone())).collect();
    let raw = write(&named, b"");
    let range = PRELUDE..raw.len() - TRAILER;
    let read: Vec<HeaderValue> =
        headers(&raw, range.clone()).unwrap().into_iter().map(|header| header.value).collect();
    assert_eq!(read, values);
    for cut in range.start..range.end {
        let names: usize = headers(&raw, range.start..cut).map_or(0, |headers| headers.len());
        assert!(names < values.len(), "headers cut at {cut}");
    }
}

#[test]
fn every_cut_gives_the_same_messages() {
    let stream =
        [message(EVENT, b"{\"one\":1}"), message(&[], b""), message(EVENT, &[0; 300])].concat();
    let whole = read(&[&stream], 1 << 20).unwrap();
    assert_eq!(whole.len(), 3);
    for cut in 0..=stream.len() {
        let (a, b) = stream.split_at(cut);
        assert_eq!(read(&[a, b], 1 << 20).unwrap(), whole, "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(read(&bytes, 1 << 20).unwrap(), whole);
}

#[test]
fn a_message_within_a_chunk_is_not_copied() {
    let chunk = message(EVENT, b"{}");
    let mut framer = EventStreamFramer::new(1 << 20);
    framer.push(chunk.clone());
    let frame = framer.next_frame().unwrap().unwrap();
    assert_eq!(frame.raw.as_ptr(), chunk.as_ptr());
}

/// A flipped bit anywhere is seen: by a sum, or by waiting for bytes that a larger length promises,
/// and that length has a sum of its own.
#[test]
fn every_flipped_bit_is_found() {
    let stream = message(EVENT, b"{\"text\":\"hello\"}");
    for bit in 0..stream.len() * 8 {
        let mut bad = stream.to_vec();
        bad[bit / 8] ^= 1 << (bit % 8);
        let error = read(&[&bad], 1 << 20).unwrap_err();
        assert!(matches!(error, FrameError::Corrupt { .. }), "bit {bit}: {error}");
    }
}

#[test]
fn a_message_beyond_the_bound_is_refused_before_it_fills_memory() {
    let stream = message(EVENT, &[0; 4096]);
    let (start, _) = stream.split_at(PRELUDE);
    assert_eq!(read(&[start], 1024), Err(FrameError::TooLarge { max: 1024 }));
    let mut framer = EventStreamFramer::new(1024);
    framer.push(stream.clone());
    assert!(framer.next_frame().is_err());
    framer.push(message(EVENT, b"{}"));
    assert!(framer.next_frame().is_err(), "a broken stream stays broken");
}

#[test]
fn lengths_that_contradict_each_other_are_corrupt() {
    for (total, headers) in [(0_u32, 0_u32), (15, 0), (16, 1), (40, 25), (1 << 19, (128 << 10) + 1)]
    {
        let mut prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        prelude.extend(crc::crc32(&prelude).to_be_bytes());
        let error = read(&[&prelude], 1 << 20).unwrap_err();
        assert!(matches!(error, FrameError::Corrupt { .. }), "{total} {headers}");
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_are_read_without_harm(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)
    ) {
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let joined = chunks.concat();
        prop_assert_eq!(read(&chunks, 512), read(&[&joined], 512));
    }

    #[test]
    fn any_headers_with_right_sums_are_read_without_harm(
        head in prop::collection::vec(any::<u8>(), 0..64), payload in prop::collection::vec(any::<u8>(), 0..64)
    ) {
        let total = u32::try_from(PRELUDE + head.len() + payload.len() + TRAILER).unwrap();
        let head_len = u32::try_from(head.len()).unwrap();
        let mut raw = [total.to_be_bytes(), head_len.to_be_bytes()].concat();
        raw.extend(crc::crc32(&raw).to_be_bytes());
        raw.extend(&head);
        raw.extend(&payload);
        raw.extend(crc::crc32(&raw).to_be_bytes());
        if let Ok(frames) = read(&[&raw], 1 << 20) {
            prop_assert_eq!(frames.len(), 1);
        }
    }
}
