//! QR codes as inline SVG.

use std::fmt::Write as _;

use kernel::{Error, Result};
use qrcodegen::{QrCode, QrCodeEcc};

/// Empty border that ISO/IEC 18004 asks for, in modules.
const QUIET: i32 = 4;

/// One path on a white ground; `label` is what a screen reader says.
pub fn svg(text: &str, label: &str) -> Result<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Error::internal)?;
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Ok(format!(
        "<svg class=\"meer-qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {side} {side}\" width=\"240\" \
         height=\"240\" shape-rendering=\"crispEdges\" xmlns=\"http://www.w3.org/2000/svg\">\
         <path fill=\"#fff\" d=\"M0,0h{side}v{side}h-{side}z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_inside_the_quiet_zone() {
        let svg = svg("otpauth://totp/a?secret=ABC", "Code <\"&>").unwrap();
        let code = QrCode::encode_text("otpauth://totp/a?secret=ABC", QrCodeEcc::Medium).unwrap();
        let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark = dark.filter(|(x, y)| code.get_module(*x, *y)).count();
        assert_eq!(svg.matches("h1v1h-1z").count(), dark);
        assert!(svg.contains("M4,4h1") && svg.contains("Code &lt;&quot;&amp;>"));
        assert!(super::svg(&"x".repeat(5000), "").is_err(), "too long for any QR code");
    }
}
