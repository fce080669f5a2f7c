"""Pages: templates, styles, the script that checks on the reader's device, languages, QR codes."""
