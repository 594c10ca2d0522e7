//! `qr(text)` for templates: a QR code as SVG bytes, ready for `image(qr(..), alt: ..)`.

use std::fmt::Write as _;
use std::sync::LazyLock;

use qrcodegen::{QrCode, QrCodeEcc};
use typst::diag::{At as _, SourceResult};
use typst::foundations::{
    Args, Bytes, CastInfo, IntoValue as _, NativeFuncData, NativeFuncPtr, NativeType as _, Scope, Str, Value,
};

/// Empty border that ISO/IEC 18004 asks for around the code, in modules.
const QUIET_ZONE: i32 = 4;

pub(crate) static QR: NativeFuncData = NativeFuncData {
    function: NativeFuncPtr(&|_, _, args| call(args)),
    name: "qr",
    title: "QR code",
    docs: "A QR code (error correction M) of a text as SVG.",
    def_site: None,
    keywords: &[],
    contextual: false,
    scope: LazyLock::new(&Scope::new),
    params: LazyLock::new(&Vec::new),
    returns: LazyLock::new(&|| CastInfo::Type(Bytes::ty())),
};

fn call(args: &mut Args) -> SourceResult<Value> {
    let span = args.span;
    let text = args.expect::<Str>("text")?;
    args.take().finish()?;
    let svg = svg(&text).ok_or("the text is too long for a QR code").at(span)?;
    Ok(Bytes::from_string(svg).into_value())
}

/// One black path, so that no seams show between modules; `None` when the text exceeds what a QR code can hold.
fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * QUIET_ZONE;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while x < code.size() && code.get_module(x, y) {
                x += 1;
            }
            let run = x - start;
            if run > 0 {
                let (left, top) = (start + QUIET_ZONE, y + QUIET_ZONE);
                let _ = write!(path, "M{left} {top}h{run}v1h-{run}z");
            } else {
                x += 1;
            }
        }
    }
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path d="{path}" fill="#000"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the path back into modules and compares finder patterns and size with ISO/IEC 18004.
    #[test]
    fn draws_the_finder_patterns_inside_the_quiet_zone() {
        let svg = svg("https://example.org/pruefen/ABCD-EFGH").unwrap();
        let side: i32 = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!((side - 2 * QUIET_ZONE - 17) % 4, 0, "a QR code has 17 + 4 × version modules");
        for corner in [format!("M{0} {0}h7", QUIET_ZONE), format!("M{} {}h7", side - QUIET_ZONE - 7, QUIET_ZONE)] {
            assert!(svg.contains(&corner), "{corner}");
        }
        assert!(!svg.contains("M3 ") && !svg.contains("M0 "));
    }

    #[test]
    fn refuses_what_no_code_can_hold() {
        assert!(svg(&"x".repeat(5000)).is_none());
    }
}
