use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// A font file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("font number {index} is not a readable TrueType or OpenType file")]
pub struct FontError {
    /// Position in the list that was given, starting at 0.
    pub index: usize,
}

/// The font files every letter is set with: Noto Sans, and DejaVu Sans for the few characters Noto Sans lacks
/// (subscript digits). Together they cover every letter, sequence and sign of DIN 91379.
pub fn bundled_fonts() -> Vec<&'static [u8]> {
    vec![notosans::REGULAR_TTF, notosans::BOLD_TTF, notosans::ITALIC_TTF, dejavu::sans::regular(), dejavu::sans::bold()]
}

/// Families in the order in which they are tried for a character.
pub(crate) const FAMILIES: &str = r#"("Noto Sans", "DejaVu Sans")"#;

pub(crate) struct Fonts {
    pub book: LazyHash<FontBook>,
    pub fonts: Vec<Font>,
}

impl Fonts {
    pub fn load(files: impl IntoIterator<Item = &'static [u8]>) -> Result<Self, FontError> {
        let mut fonts = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            let before = fonts.len();
            fonts.extend(Font::iter(Bytes::new(file)));
            if fonts.len() == before {
                return Err(FontError { index });
            }
        }
        Ok(Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts })
    }
}
