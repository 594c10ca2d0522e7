//! Scans in the Tagged Image File Format (TIFF 6.0; the old document systems keep paper as fax-coded pages in it), which
//! browsers cannot show, as a PDF: one page each, no larger than it was on the scanner. Fax coding of group 4, LZW, deflate,
//! PackBits and JPEG are read; group 3 and palettes are not.
//!
//! A scan may come from anybody, as the enclosure of an e-mail: time and memory are bounded whatever it says of itself.

use std::{
    io::{self, Cursor, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref};
use tiff::{
    ColorType,
    decoder::{Decoder, DecodingResult, Limits},
    tags::Tag,
};

use crate::{Fault, MOST_IN, MOST_OUT};

/// Most pages of one file.
const MOST_PAGES: usize = 1_000;
/// Largest page when its pixels are laid out, in bytes: A3 in colour at 600 dots per inch.
const MOST_PAGE: usize = 210 * 1024 * 1024;
/// Most pixels of one JPEG picture: A4 at 600 dots per inch. Its decoder lays out what the picture says of itself, up to three
/// times over, however small the page is.
const MOST_JPEG: u64 = 40_000_000;
/// Number of the compression by JPEG (TIFF 6.0, technical note 2).
const JPEG: u16 = 7;
/// A frame header of JPEG from behind its marker's first byte to the number of components, in bytes (ITU-T T.81, B.2.2).
const FRAME: usize = 9;
/// Dots per inch where the file does not say.
const USUAL_DPI: f32 = 200.0;
/// Longest side of a page in points (ISO 32000-1, annex C): larger ones are shown smaller.
const LONGEST: f32 = 14_400.0;
/// Speed of the packing, of 0 to 10: scans hardly shrink more with more work.
const PACKING: u8 = 4;

/// It begins as a TIFF does, in either byte order (TIFF 6.0, section 2).
pub(crate) fn is_tiff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*")
}

/// How the samples of a page lie, as a PDF wants them.
enum Colours {
    Gray,
    Rgb,
    Cmyk,
}

struct Sheet {
    /// Pixels.
    width: u32,
    height: u32,
    colours: Colours,
    /// Bits of one sample.
    bits: u8,
    samples: Vec<u8>,
    /// Dots per inch.
    dpi: (f32, f32),
    /// Clockwise, in degrees, to stand upright.
    turn: i32,
}

/// How long there is for a scan: until a moment, or until nobody waits for it any more.
#[derive(Clone)]
pub(crate) struct Patience {
    until: Instant,
    given_up: Arc<AtomicBool>,
}

impl Patience {
    pub(crate) fn new(most_time: Duration, given_up: Arc<AtomicBool>) -> Self {
        Self { until: Instant::now() + most_time, given_up }
    }

    fn is_over(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) || Instant::now() >= self.until
    }
}

/// The bytes of a scan while there is time. Parts of a page may all point at the same bytes and these may say nothing: that is
/// work without an end in a small file, and all of it reads.
struct Timed<'a> {
    bytes: Cursor<&'a [u8]>,
    patience: Patience,
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.patience.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.bytes.read(into)
    }
}

impl Seek for Timed<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

type Scan<'a> = Decoder<Timed<'a>>;

/// The PDF of a scan. Takes a core for as long as it lasts.
///
/// # Errors
/// See [`Fault`].
pub(crate) fn to_pdf(bytes: &[u8], patience: &Patience) -> Result<Vec<u8>, Fault> {
    match pages_to_pdf(bytes, patience) {
        // What the decoder says of bytes that it was not given.
        Err(Fault::NoPdf(_)) if patience.is_over() => Err(Fault::TooSlow),
        made => made,
    }
}

fn pages_to_pdf(bytes: &[u8], patience: &Patience) -> Result<Vec<u8>, Fault> {
    if bytes.len() > MOST_IN {
        return Err(Fault::TooLarge);
    }
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MOST_PAGE;
    limits.intermediate_buffer_size = MOST_PAGE;
    let timed = Timed { bytes: Cursor::new(bytes), patience: patience.clone() };
    let mut scan = Decoder::new(timed).map_err(unread)?.with_limits(limits);
    // Looked for once, when the first page of JPEG comes.
    let mut jpeg_fits = None;
    let mut pdf = Pdf::new();
    let (catalogue, tree) = (Ref::new(1), Ref::new(2));
    pdf.catalog(catalogue).pages(tree);
    let (mut next, mut pages, mut size) = (3, Vec::new(), 0_u64);
    loop {
        if pages.len() == MOST_PAGES {
            return Err(Fault::TooLarge);
        }
        if patience.is_over() {
            return Err(Fault::TooSlow);
        }
        if scan.find_tag_unsigned::<u16>(Tag::Compression).map_err(unread)? == Some(JPEG)
            && !(*jpeg_fits.get_or_insert_with(|| frames_fit(bytes)) && seams_fit(&mut scan, bytes)?)
        {
            return Err(Fault::TooLarge);
        }
        let sheet = sheet(&mut scan)?;
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&sheet.samples, PACKING);
        size += packed.len() as u64;
        if size > MOST_OUT {
            return Err(Fault::TooLarge);
        }
        let (page, image, content) = (Ref::new(next), Ref::new(next + 1), Ref::new(next + 2));
        next += 3;
        add(&mut pdf, tree, (page, image, content), &sheet, &packed)?;
        pages.push(page);
        if !scan.more_images() {
            break;
        }
        scan.next_image().map_err(unread)?;
    }
    let count = i32::try_from(pages.len()).map_err(|_| Fault::TooLarge)?;
    pdf.pages(tree).kids(pages).count(count);
    Ok(pdf.finish())
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn unread(error: tiff::TiffError) -> Fault {
    Fault::NoPdf(error.to_string())
}

/// Whether no picture of JPEG whose header lies in these bytes has more pixels than are laid out. It may lie anywhere.
fn frames_fit(bytes: &[u8]) -> bool {
    bytes.windows(FRAME).all(|header| match *header {
        // Marker, length, bits of a sample, lines, columns, components.
        [0xC0..=0xC2, l1, l2, 8, y1, y2, x1, x2, n] if u16::from_be_bytes([l1, l2]) == 8 + 3 * u16::from(n) => {
            let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
            side(y1, y2) * side(x1, x2) <= MOST_JPEG
        }
        _ => true,
    })
}

/// The same for headers that begin in the tables of a page and end in one of its pictures: the decoder gets the tables without
/// their end marker, and behind them the picture without its beginning one (technical note 2).
fn seams_fit(scan: &mut Scan<'_>, bytes: &[u8]) -> Result<bool, Fault> {
    let Some(tables) = scan.find_tag(Tag::JPEGTables).map_err(unread)? else { return Ok(true) };
    let mut tables = tables.into_u8_vec().map_err(unread)?;
    tables.truncate(tables.len().saturating_sub(2));
    let end = tables.split_off(tables.len().saturating_sub(FRAME - 1));
    for tag in [Tag::StripOffsets, Tag::TileOffsets] {
        for offset in scan.find_tag_unsigned_vec::<u64>(tag).map_err(unread)?.unwrap_or_default() {
            let begin = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(2);
            let rest = bytes.get(begin..).unwrap_or_default();
            if !frames_fit(&[end.as_slice(), &rest[..rest.len().min(FRAME - 1)]].concat()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn sheet(scan: &mut Scan<'_>) -> Result<Sheet, Fault> {
    let (width, height) = scan.dimensions().map_err(unread)?;
    let colour = scan.colortype().map_err(unread)?;
    let dpi = resolution(scan);
    let turn = match scan.find_tag_unsigned::<u16>(Tag::Orientation).ok().flatten() {
        Some(3) => 180,
        Some(6) => 90,
        Some(8) => 270,
        _ => 0,
    };
    let read = scan.read_image().map_err(unread)?;
    let samples = match read {
        DecodingResult::U8(samples) => samples,
        // The upper half of each sample is what a screen shows.
        DecodingResult::U16(samples) => samples.into_iter().map(|sample| sample.to_be_bytes()[0]).collect(),
        _ => return Err(Fault::NoPdf(format!("samples of {colour:?}"))),
    };
    let (colours, bits, samples) = match colour {
        ColorType::Gray(bits @ (1 | 2 | 4 | 8)) => (Colours::Gray, bits, samples),
        ColorType::Gray(16) => (Colours::Gray, 8, samples),
        ColorType::GrayA(8 | 16) => (Colours::Gray, 8, on_white(&samples, 2)),
        // What was stored as YCbCr comes out of the JPEG decoder as RGB.
        ColorType::RGB(8 | 16) | ColorType::YCbCr(8) => (Colours::Rgb, 8, samples),
        ColorType::RGBA(8 | 16) => (Colours::Rgb, 8, on_white(&samples, 4)),
        ColorType::CMYK(8 | 16) => (Colours::Cmyk, 8, samples),
        other => return Err(Fault::NoPdf(format!("colours of {other:?}"))),
    };
    let channels = match colours {
        Colours::Gray => 1,
        Colours::Rgb => 3,
        Colours::Cmyk => 4,
    };
    let row = (width as usize * channels * usize::from(bits)).div_ceil(8);
    if samples.len() < row * height as usize {
        return Err(Fault::NoPdf("fewer pixels than it says".to_owned()));
    }
    Ok(Sheet { width, height, colours, bits, samples, dpi, turn })
}

/// Dots per inch across and down (TIFF 6.0, XResolution, YResolution, ResolutionUnit).
fn resolution(scan: &mut Scan<'_>) -> (f32, f32) {
    let centimetres = scan.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok().flatten() == Some(3);
    let factor = if centimetres { 2.54 } else { 1.0 };
    let mut along = |tag| {
        // A fraction.
        let dots = match scan.get_tag_u32_vec(tag).ok()?.as_slice() {
            [over, under] if *under > 0 => *over as f32 / *under as f32 * factor,
            _ => return None,
        };
        Some(dots).filter(|dots| (10.0..=10_000.0).contains(dots))
    };
    let (across, down) = (along(Tag::XResolution), along(Tag::YResolution));
    (across.unwrap_or(USUAL_DPI), down.unwrap_or(USUAL_DPI))
}

/// The colours without the last sample of each pixel, which says how much of them is seen.
fn on_white(samples: &[u8], channels: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(samples.len() / channels * (channels - 1));
    for pixel in samples.chunks_exact(channels) {
        if let [colours @ .., seen] = pixel {
            let seen = u16::from(*seen);
            plain.extend(colours.iter().map(|colour| {
                let mixed = (u16::from(*colour) * seen + 255 * (255 - seen)) / 255;
                u8::try_from(mixed).unwrap_or(255)
            }));
        }
    }
    plain
}

fn add(
    pdf: &mut Pdf,
    tree: Ref,
    (page, image, content): (Ref, Ref, Ref),
    sheet: &Sheet,
    packed: &[u8],
) -> Result<(), Fault> {
    let points = |pixels: u32, dpi: f32| (pixels as f32 * 72.0 / dpi).clamp(1.0, LONGEST);
    let (wide, high) = (points(sheet.width, sheet.dpi.0), points(sheet.height, sheet.dpi.1));
    let side = |pixels: u32| i32::try_from(pixels).map_err(|_| Fault::TooLarge);
    let (width, height) = (side(sheet.width)?, side(sheet.height)?);
    let name = Name(b"S");

    let mut leaf = pdf.page(page);
    leaf.media_box(Rect::new(0.0, 0.0, wide, high)).parent(tree).contents(content).rotate(sheet.turn);
    leaf.resources().x_objects().pair(name, image);
    leaf.finish();

    let mut picture = pdf.image_xobject(image, packed);
    picture.filter(Filter::FlateDecode);
    picture.width(width).height(height).bits_per_component(i32::from(sheet.bits));
    match sheet.colours {
        Colours::Gray => picture.color_space().device_gray(),
        Colours::Rgb => picture.color_space().device_rgb(),
        Colours::Cmyk => picture.color_space().device_cmyk(),
    }
    picture.finish();

    let mut drawn = Content::new();
    drawn.transform([wide, 0.0, 0.0, high, 0.0, 0.0]).x_object(name);
    pdf.stream(content, &drawn.finish());
    Ok(())
}

#[cfg(test)]
mod tests {
    use tiff::encoder::{TiffEncoder, colortype};

    use super::*;

    fn scan_to_pdf(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        to_pdf(bytes, &Patience::new(Duration::from_secs(60), Arc::default()))
    }

    /// A page of one pixel whose JPEG picture says that it has so many lines and columns, after these tables.
    fn jpeg(lines: u16, columns: u16, tables: &[u8]) -> Vec<u8> {
        let (y, x) = (lines.to_be_bytes(), columns.to_be_bytes());
        let picture = [
            [0xFF, 0xD8, 0xFF, 0xC2, 0, 11, 8, y[0], y[1], x[0], x[1], 1, 1, 0x11, 0].as_slice(),
            &[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9],
        ]
        .concat();
        page_of_jpeg(&picture, tables)
    }

    fn page_of_jpeg(picture: &[u8], tables: &[u8]) -> Vec<u8> {
        const ENTRIES: u16 = 9;
        let pictures_at = 8 + 2 + 12 * u32::from(ENTRIES) + 4;
        let tables_at = pictures_at + picture.len() as u32;
        let entries: [(u16, u16, u32, u32); ENTRIES as usize] = [
            (256, 4, 1, 1),
            (257, 4, 1, 1),
            (258, 3, 1, 8),
            (259, 3, 1, 7),
            (262, 3, 1, 1),
            (273, 4, 1, pictures_at),
            (277, 3, 1, 1),
            (279, 4, 1, picture.len() as u32),
            (347, 7, tables.len() as u32, tables_at),
        ];
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend(ENTRIES.to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
            bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
        }
        bytes.extend(0_u32.to_le_bytes());
        [bytes.as_slice(), picture, tables].concat()
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_not_laid_out() {
        const TABLES: [u8; 6] = [0xFF, 0xD8, 0, 0, 0xFF, 0xD9];
        let refused = |bytes: Vec<u8>| matches!(scan_to_pdf(&bytes), Err(Fault::TooLarge));
        assert!(refused(jpeg(16_000, 16_000, &TABLES)));
        assert!(!refused(jpeg(1, 1, &TABLES)), "what is small is read, or refused for what is wrong with it");
        // A header of which the beginning lies in the tables.
        let whole = [0xFF, 0xC2, 0, 11, 8, 0x3E, 0x80, 0x3E, 0x80, 1, 1, 0x11, 0];
        for cut in 1..whole.len() {
            let tables = [[0xFF, 0xD8].as_slice(), &whole[..cut], &[0xFF, 0xD9]].concat();
            let picture = [[0xFF, 0xD8].as_slice(), &whole[cut..]].concat();
            assert!(refused(page_of_jpeg(&picture, &tables)), "{cut}");
        }
    }

    #[test]
    fn a_scan_has_an_end() {
        let fax = include_bytes!("../tests/data/fax.tif");
        assert!(matches!(to_pdf(fax, &Patience::new(Duration::ZERO, Arc::default())), Err(Fault::TooSlow)));
        let nobody_waits = Arc::new(AtomicBool::new(true));
        assert!(matches!(to_pdf(fax, &Patience::new(Duration::from_secs(60), nobody_waits)), Err(Fault::TooSlow)));
    }

    fn has(pdf: &[u8], words: &str) -> bool {
        pdf.windows(words.len()).any(|window| window == words.as_bytes())
    }

    #[test]
    fn a_fax_coded_page_keeps_its_size_and_its_two_colours() {
        let bytes = include_bytes!("../tests/data/fax.tif");
        assert!(is_tiff(bytes));
        let pdf = scan_to_pdf(bytes).unwrap();
        // 120 by 160 pixels at 100 dots per inch.
        assert!(pdf.starts_with(b"%PDF-") && has(&pdf, "/MediaBox [0 0 86.4 115.2]"));
        assert!(has(&pdf, "/BitsPerComponent 1") && has(&pdf, "/DeviceGray"));
    }

    #[test]
    fn every_page_is_there_in_its_colours() {
        let mut file = Cursor::new(Vec::new());
        let mut pages = TiffEncoder::new(&mut file).unwrap();
        pages.write_image::<colortype::Gray8>(4, 2, &[128; 8]).unwrap();
        pages.write_image::<colortype::RGB8>(2, 2, &[200; 12]).unwrap();
        pages.write_image::<colortype::RGBA8>(2, 1, &[0, 0, 0, 0, 9, 9, 9, 255]).unwrap();
        let pdf = scan_to_pdf(&file.into_inner()).unwrap();
        assert!(has(&pdf, "/Count 3") && has(&pdf, "/DeviceGray") && has(&pdf, "/DeviceRGB"));
        assert_eq!(on_white(&[0, 0, 0, 0, 9, 9, 9, 255], 4), [255, 255, 255, 9, 9, 9]);
    }

    #[test]
    fn a_broken_scan_is_refused() {
        let bytes = include_bytes!("../tests/data/fax.tif");
        for end in 0..bytes.len() {
            // Whatever is missing: an answer, no fall.
            let _ = scan_to_pdf(&bytes[..end]);
        }
        assert!(matches!(scan_to_pdf(b"II*\0\x08\0\0\0"), Err(Fault::NoPdf(_))));
        // A page of 60,000 by 60,000 pixels in a file of some bytes.
        let mut huge = Cursor::new(Vec::new());
        TiffEncoder::new(&mut huge).unwrap().write_image::<colortype::Gray8>(1, 1, &[0]).unwrap();
        let mut huge = huge.into_inner();
        let entries = huge.windows(2).enumerate();
        let sides: Vec<usize> = entries.filter(|(_, tag)| *tag == [0, 1] || *tag == [1, 1]).map(|(at, _)| at).collect();
        for at in sides {
            if huge.get(at + 2..at + 4) == Some(&[4, 0]) && huge.get(at + 8..at + 12) == Some(&[1, 0, 0, 0]) {
                huge[at + 8..at + 12].copy_from_slice(&60_000_u32.to_le_bytes());
            }
        }
        assert!(matches!(scan_to_pdf(&huge), Err(Fault::NoPdf(_) | Fault::TooLarge)));
    }
}
