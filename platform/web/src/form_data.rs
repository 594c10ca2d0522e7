use axum::{
    body::Bytes,
    extract::{
        Multipart,
        multipart::{self, MultipartError},
    },
};
use http::StatusCode;

/// A form with files (`multipart/form-data`, RFC 7578), read piece by piece.
///
/// A body may end before its end: a connection breaks off, or it is larger than the route takes. The fields end there
/// too, and [`cut`](Self::cut) says why; what came before is good, so that a page can give the typed text back.
pub struct FormData {
    form: Multipart,
    cut: Option<Cut>,
}

/// Why a form ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The connection broke off, or what came is no such form.
    Broken,
    /// Larger than the route takes.
    TooLarge,
}

impl Cut {
    fn of(error: &MultipartError) -> Self {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Cut::TooLarge } else { Cut::Broken }
    }
}

/// A field of a [`FormData`]. What is not read of it is passed over.
pub struct FormField<'a> {
    field: multipart::Field<'a>,
    cut: &'a mut Option<Cut>,
}

impl FormData {
    pub fn new(form: Multipart) -> Self {
        Self { form, cut: None }
    }

    /// The next field; none at the end, and where the body breaks off.
    pub async fn next(&mut self) -> Option<FormField<'_>> {
        let Self { form, cut } = self;
        if cut.is_some() {
            return None;
        }
        match form.next_field().await {
            Ok(Some(field)) => Some(FormField { field, cut }),
            Ok(None) => None,
            Err(error) => {
                *cut = Some(Cut::of(&error));
                None
            }
        }
    }

    /// Why the fields ended before their end; none when they are whole.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }
}

impl FormField<'_> {
    /// Empty when the field has none.
    pub fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// Name of the chosen file, as the browser told it: empty when none was chosen, none when the field holds a text.
    pub fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// The next piece; none at the end, and where the body breaks off.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        match self.field.chunk().await {
            Ok(chunk) => chunk,
            Err(error) => {
                *self.cut = Some(Cut::of(&error));
                None
            }
        }
    }

    /// Reads to the end, or to where the body breaks off; none when there are more bytes than these. Of larger ones the
    /// rest is read and thrown away, so that the person gets a page that says so and not a broken connection.
    pub async fn bytes(&mut self, most: usize) -> Option<Vec<u8>> {
        let (mut bytes, mut fits) = (Vec::new(), true);
        while let Some(chunk) = self.chunk().await {
            fits &= bytes.len() + chunk.len() <= most;
            if fits {
                bytes.extend_from_slice(&chunk);
            } else {
                bytes = Vec::new();
            }
        }
        fits.then_some(bytes)
    }

    /// The same as a text; what is no UTF-8 becomes U+FFFD.
    pub async fn text(&mut self, most: usize) -> Option<String> {
        self.bytes(most).await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether the form ended inside this field.
    pub fn cut(&self) -> Option<Cut> {
        *self.cut
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::FromRequest as _};
    use http::{Request, header};

    use super::*;

    const BODY: &str = "--b\r\nContent-Disposition: form-data; name=\"titel\"\r\n\r\nAntrag\r\n\
                        --b\r\nContent-Disposition: form-data; name=\"datei\"; filename=\"a.txt\"\r\n\r\n1234567890\r\n\
                        --b--\r\n";

    /// Name, file name and bytes of a field.
    type Read = (String, Option<String>, Option<Vec<u8>>);

    /// The fields, and why the form ended.
    async fn read(body: &str, most: usize) -> (Vec<Read>, Option<Cut>) {
        let request = Request::builder().header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let mut form = FormData::new(Multipart::from_request(request, &()).await.unwrap());
        let mut fields = Vec::new();
        while let Some(mut field) = form.next().await {
            let (name, file) = (field.name().to_owned(), field.file_name().map(str::to_owned));
            fields.push((name, file, field.bytes(most).await));
        }
        (fields, form.cut())
    }

    #[tokio::test]
    async fn a_field_that_is_too_large_takes_no_other_along() {
        let (fields, cut) = read(BODY, 6).await;
        assert_eq!(cut, None);
        assert_eq!(fields[0], ("titel".into(), None, Some(b"Antrag".to_vec())));
        assert_eq!(fields[1], ("datei".into(), Some("a.txt".into()), None));
        assert_eq!(read(BODY, 10).await.0[1].2.as_deref(), Some(&b"1234567890"[..]));
    }

    #[tokio::test]
    async fn a_form_that_breaks_off_keeps_what_came_before() {
        // In the middle of the file, and in the middle of its head.
        for at in ["567890", "filename"] {
            let (fields, cut) = read(&BODY[..BODY.find(at).unwrap()], 100).await;
            assert_eq!(cut, Some(Cut::Broken), "{at}");
            assert_eq!(fields[0].2.as_deref(), Some(&b"Antrag"[..]), "{at}");
        }
    }

    #[tokio::test]
    async fn a_form_that_is_larger_than_the_route_takes_says_so() {
        // Without another bound a route takes 2 MB.
        let large = BODY.replace("1234567890", &"1".repeat(3_000_000));
        assert_eq!(read(&large, 10).await.1, Some(Cut::TooLarge));
    }
}
