//! Forms as SDKs write them, in every cut, and as nobody should.

use super::*;
use proptest::prelude::*;

const WANTED: &[&str] = &["model", "stream"];
const B: &str = "4f9b--x";

/// All that a form brings, cut as told.
fn scan<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Found>, Result<(), FormError>) {
    let mut scanner = Scanner::new(B, WANTED);
    let mut found = Vec::new();
    for chunk in chunks {
        if let Err(error) = scanner.push(chunk, &mut found) {
            assert_eq!(
                scanner.push(b"x", &mut found),
                Err(error.clone()),
                "it says the same again"
            );
            return (found, Err(error));
        }
    }
    (found, scanner.finish())
}

fn whole(form: &[u8]) -> (Vec<Found>, Result<(), FormError>) {
    scan([form])
}

fn part(head: &str, content: &[u8]) -> Vec<u8> {
    [format!("--{B}\r\n{head}\r\n\r\n").as_bytes(), content, b"\r\n"].concat()
}

fn field(name: &str, value: &str) -> Vec<u8> {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes())
}

fn file(content: &[u8]) -> Vec<u8> {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav";
    part(head, content)
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), format!("--{B}--\r\n").into_bytes()].concat()
}

/// Content that looks like a delimiter as long as it can.
fn tricky() -> Vec<u8> {
    let near = format!("\r\r\n\r\n-\r\n--\r\n--{}\r\n--{B}", &B[..4]);
    let near = near.trim_end_matches(B).to_owned();
    [near.as_bytes(), b"\r\n--4f9b-\r\r\n\0\xff"].concat()
}

#[test]
fn fields_are_found_with_their_places() {
    let parts = [field("model", "whisper-1"), field("language", "de"), file(&tricky())];
    let form = form(&parts);
    let (found, end) = whole(&form);
    let [Found::Field { name: "model", value, at }, Found::File, Found::End] = found.as_slice()
    else {
        panic!("{found:?}");
    };
    assert_eq!((value.as_str(), end), ("whisper-1", Ok(())));
    assert_eq!(&form[at.start as usize..at.end as usize], b"whisper-1");
}

#[test]
fn a_field_behind_the_file_and_an_empty_one_are_found() {
    let form = form(&[field("stream", ""), file(&tricky()), field("model", "\r\nodd\r-\r\n")]);
    let (found, _) = whole(&form);
    let values: Vec<(&str, &str)> = found
        .iter()
        .filter_map(|found| match found {
            Found::Field { name, value, at } => {
                assert_eq!(&form[at.start as usize..at.end as usize], value.as_bytes());
                Some((*name, value.as_str()))
            }
            Found::File | Found::End => None,
        })
        .collect();
    assert_eq!(values, [("stream", ""), ("model", "\r\nodd\r-\r\n")]);
}

#[test]
fn every_cut_finds_the_same() {
    let preamble = [b"nobody reads this\r\n".as_slice(), &form(&[field("model", "m")])].concat();
    let forms = [
        form(&[field("model", "whisper-1"), file(&tricky()), field("stream", "true")]),
        form(&[file(&tricky()), field("model", "\r\n--4f9b")]),
        [form(&[field("model", "m")]), field("model", "behind the end")].concat(),
        preamble,
        form(&[field("model", "a"), field("model", "b")]),
        form(&[part("Content-Disposition: form-data; name=model; filename=x", b"")]),
        b"no form at all".to_vec(),
        form(&[file(b"x")])[..60].to_vec(),
    ];
    for form in forms {
        let expected = whole(&form);
        for cut in 0..=form.len() {
            let (a, b) = form.split_at(cut);
            assert_eq!(scan([a, b]), expected, "cut at {cut}");
        }
        assert_eq!(scan(form.chunks(1)), expected, "byte by byte");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let twice = form(&[field("model", "cheap"), file(b"x"), field("model", "dear")]);
    let (found, error) = whole(&twice);
    assert_eq!(error, Err(FormError::Twice("model")));
    assert_eq!(found.len(), 2, "the first one, and the file");
    let long = form(&[field("model", &"m".repeat(MAX_VALUE + 1))]);
    assert!(matches!(whole(&long).1, Err(FormError::Field { field: "model", .. })));
    let a_file = form(&[part("Content-Disposition: form-data; name=model; filename=x", b"m")]);
    assert!(matches!(whole(&a_file).1, Err(FormError::Field { field: "model", .. })));
    let glued = format!("--{B}x\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--{B}--");
    assert!(matches!(whole(glued.as_bytes()).1, Err(FormError::Malformed(_))));
    let endless = [format!("--{B}\r\nX-Fill: ").into_bytes(), vec![b'a'; MAX_HEAD]].concat();
    assert!(matches!(whole(&endless).1, Err(FormError::Malformed(_))));
    let latin = form(&[part("Content-Disposition: form-data; name=model", b"\xe4")]);
    assert!(matches!(whole(&latin).1, Err(FormError::Field { field: "model", .. })));
    assert_eq!(whole(b"").1, Err(FormError::Truncated));
    assert_eq!(whole(&field("model", "m")).1, Err(FormError::Truncated));
}

#[test]
fn a_part_can_be_put_in_before_all_others() {
    for preamble in ["", "a preamble\r\n"] {
        let form = [preamble.as_bytes(), &form(&[file(b"x")])].concat();
        let mut scanner = Scanner::new(B, WANTED);
        assert_eq!(scanner.first(), None);
        scanner.push(&form, &mut Vec::new()).unwrap();
        let at = scanner.first().unwrap();
        assert_eq!(at as usize, preamble.len());
        let mut with = form.clone();
        with.splice(at as usize..at as usize, scanner.part("model", "m"));
        let (found, end) = whole(&with);
        assert!(matches!(&found[0], Found::Field { value, .. } if value == "m"), "{found:?}");
        assert_eq!((found.len(), end), (3, Ok(())));
    }
}

#[test]
fn boundaries_are_read_from_content_types() {
    let good = [
        ("multipart/form-data; boundary=abc", "abc"),
        ("Multipart/Form-Data;charset=utf-8; Boundary=\"a b'()+_,-./:=?\"", "a b'()+_,-./:=?"),
        ("multipart/form-data; boundary=----WebKitFormBoundary7MA4", "----WebKitFormBoundary7MA4"),
    ];
    for (said, expected) in good {
        assert_eq!(boundary(said).as_deref(), Ok(expected), "{said}");
    }
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for bad in [
        "multipart/form-data",
        "multipart/mixed; boundary=abc",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=a\u{e4}",
        &long,
    ] {
        assert_eq!(boundary(bad), Err(FormError::Boundary), "{bad}");
    }
}

proptest! {
    #[test]
    fn whatever_a_file_holds_the_fields_around_it_are_found(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(b"\r".to_vec()),
                Just(b"\r\n".to_vec()),
                Just(b"\r\n--".to_vec()),
                Just(b"\r\n--4f9b".to_vec()),
                Just(b"--4f9b--".to_vec()),
                prop::collection::vec(any::<u8>(), 0..9),
            ],
            0..40,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let content = pieces.concat();
        let delimiter = format!("\r\n--{B}");
        prop_assume!(!content.windows(delimiter.len()).any(|at| at == delimiter.as_bytes()));
        let form = form(&[file(&content), field("model", "m1"), file(&content)]);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(form.len())).collect();
        at.extend([0, form.len()]);
        at.sort_unstable();
        let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &form[pair[0]..pair[1]]).collect();
        let (found, end) = scan(chunks);
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(found.len(), 4, "{:?}", found);
        prop_assert_eq!(&found[0], &Found::File);
        prop_assert!(
            matches!(&found[1], Found::Field { value, .. } if value == "m1"), "{:?}", found
        );
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let framed = [format!("--{B}\r\n").into_bytes(), bytes.clone()].concat();
        for form in [bytes, framed] {
            let expected = whole(&form);
            prop_assert_eq!(scan(form.chunks(7)), expected);
        }
    }
}
