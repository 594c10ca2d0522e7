### Formulare: Fehler und Bedienung. $label ist die Beschriftung des Feldes.

## Fehlende Angaben

error-required = Füllen Sie das Feld aus: { $label }
error-required-choice = Wählen Sie eine Antwort aus: { $label }
error-required-choices = Wählen Sie mindestens eine Möglichkeit aus: { $label }
error-required-date = Geben Sie ein Datum ein: { $label }. Zum Beispiel 27 3 1985.
error-required-address = Geben Sie eine Anschrift ein: { $label }
error-required-file = Laden Sie eine Datei hoch: { $label }
error-required-declaration = Setzen Sie das Häkchen, um fortzufahren: { $label }

## Falsche Angaben

error-rule = { $text }
error-too-long = „{ $label }“ ist zu lang. Erlaubt sind { $max } Zeichen.
error-characters = In „{ $label }“ geht das Zeichen „{ $sign }“ nicht. Entfernen oder ersetzen Sie es.
error-characters-invisible = In „{ $label }“ steckt ein unsichtbares Zeichen. Tippen Sie den Text neu ein.
error-choice-unknown = Wählen Sie eine der Möglichkeiten aus: { $label }
error-date-incomplete = Bei „{ $label }“ fehlt ein Teil. Geben Sie Tag, Monat und Jahr ein, zum Beispiel 27 3 1985.
error-date-year = Geben Sie bei „{ $label }“ das Jahr mit vier Ziffern ein, zum Beispiel 1985.
error-date-month = Bei „{ $label }“ fehlt der Monat. Kennen Sie ihn nicht, lassen Sie auch den Tag leer.
error-date-invalid = Dieses Datum gibt es nicht. Prüfen Sie Tag und Monat bei „{ $label }“.
error-date-min = „{ $label }“ liegt zu früh. Möglich ist ab { $min }.
error-date-max = „{ $label }“ liegt zu spät. Möglich ist bis { $max }.
error-number-invalid = Geben Sie bei „{ $label }“ eine ganze Zahl ein, zum Beispiel 2.
error-number-min = „{ $label }“ ist zu klein. Möglich ist ab { $min }.
error-number-max = „{ $label }“ ist zu groß. Möglich ist bis { $max }.
error-money-invalid = Geben Sie bei „{ $label }“ einen Betrag ein, zum Beispiel 12,50.
error-money-min = „{ $label }“ ist zu wenig. Möglich ist ab { $min }.
error-money-max = „{ $label }“ ist zu viel. Möglich ist bis { $max }.
error-email-invalid = Die E-Mail-Adresse ist unvollständig. Sie sieht so aus: name@beispiel.de
error-phone-invalid = Die Telefonnummer stimmt nicht. Geben Sie nur Ziffern ein, zum Beispiel 02132 12345.
error-iban-invalid = Die IBAN stimmt nicht. Prüfen Sie die Ziffern, in Deutschland sind es DE und 20 Ziffern.
error-address-street = Geben Sie die Straße ein.
error-address-house-number = Geben Sie die Hausnummer ein.
error-address-postal-code = Geben Sie die Postleitzahl mit fünf Ziffern ein, zum Beispiel 40667.
error-address-city = Geben Sie den Ort ein.
error-file-empty = Die Datei „{ $name }“ ist leer. Wählen Sie eine andere.
error-file-too-large = Die Datei „{ $name }“ ist zu groß. Erlaubt sind { $max } MB.
error-file-type = Die Datei „{ $name }“ hat eine Art, die wir nicht öffnen können. Möglich sind { $kinds }.
error-file-count = Das sind zu viele Dateien. Möglich sind { $max }.

## Bedienung

forms-next = Weiter
forms-later = Später weitermachen
forms-select = Auswählen
forms-yes = Ja
forms-no = Nein
forms-help = Mehr dazu: { $label }
forms-blocks = Textbausteine
forms-locked = Diese Angaben kommen aus Ihrem Ausweis. Sie können sie hier nicht ändern.
forms-item-add = Weiteren Eintrag hinzufügen
forms-item-remove = { $item } entfernen
forms-file-rules = { $kinds }, höchstens { $max } MB je Datei
forms-file-remove = „{ $name }“ entfernen
forms-file-full = Mehr Dateien sind nicht möglich.
forms-check-decision-title = Prüfen Sie Ihre Entscheidung
forms-check-title = Prüfen Sie Ihre Angaben
forms-address-street = Straße
forms-address-house-number = Hausnummer
forms-address-addition = Zusatz
forms-address-addition-hint = zum Beispiel c/o oder Hinterhaus
forms-address-postal-code = Postleitzahl
forms-address-city = Ort
forms-address-country = Staat

## Datenschutz

forms-privacy-purpose = Wofür
forms-privacy-basis = Rechtsgrundlage
forms-privacy-recipients = Wer die Daten bekommt
forms-privacy-retention = Wie lange
forms-privacy-years =
    { $years ->
        [one] { $what }: ein Jahr ({ $paragraph })
       *[other] { $what }: { $years } Jahre ({ $paragraph })
    }
forms-privacy-draft =
    { $days ->
        [one] Entwürfe, die Sie nicht abschicken: ein Tag
       *[other] Entwürfe, die Sie nicht abschicken: { $days } Tage
    }
forms-privacy-duty = Müssen Sie die Daten angeben?
forms-privacy-sources = Woher die Daten kommen
forms-privacy-automated = Entscheidet ein Programm?
forms-privacy-rights = Ihre Rechte
forms-privacy-rights-text = Sie können Auskunft über Ihre Daten bekommen, sie berichtigen oder löschen lassen, ihre Verarbeitung einschränken lassen und ihr widersprechen. Sie können sich bei der Landesbeauftragten für Datenschutz und Informationsfreiheit Nordrhein-Westfalen beschweren.
