"""Drawing on a page whose fixed part is set already: texts in boxes, and QR codes."""

import pikepdf
import segno

from .fitting import LEADING, Box, fit

MM = 72 / 25.4


class Canvas:
    """The content of one page, as PDF operators.

    Args:
        inks: the `Ink` of each weight, from `specimen.open_skeleton`.
    """

    def __init__(self, inks):
        self.inks = inks
        self.texts = []
        self.shapes = []

    def text(self, value, box: Box):
        """Set a value into a box.

        Returns:
            Whether it fits; if it does not, nothing is drawn.
        """
        if not value:
            return True
        ink = self.inks[box.weight]
        fitted = fit(value, box, ink.measure)
        if fitted is None:
            return False
        size, lines = fitted.size, fitted.lines
        leading = size * LEADING
        # An ideograph fills its em square from 0.12 below the base line to 0.88 above it.
        line = box.bottom + box.height / 2 + (len(lines) - 1) * leading / 2 - size * 0.38
        for part in lines:
            left = box.left
            if box.align != "left":
                slack = box.width - ink.measure(part) * size / 1000
                left += slack if box.align == "right" else slack / 2
            self.texts.append(f"1 0 0 1 {left:.2f} {line:.2f} Tm")
            self._show(part, size, ink.glyphs)
            line -= leading
        return True

    def _show(self, part, size, glyphs):
        previous, codes = None, []
        for character in part:
            font, code = glyphs[character]
            if font != previous:
                if codes:
                    self.texts.append(f"<{''.join(codes)}> Tj")
                self.texts.append(f"/{font} {size:g} Tf")
                previous, codes = font, []
            codes.append(code)
        self.texts.append(f"<{''.join(codes)}> Tj")

    def qr(self, content, left, bottom, size, error="m"):
        """Draw a QR code without its quiet zone, which the caller leaves free.

        Args:
            content: what it says.
            left, bottom, size: square, in points.
            error: error correction, "l", "m", "q" or "h".
        """
        matrix = segno.make(content, error=error, micro=False, boost_error=False).matrix
        count = len(matrix)
        unit = size / count
        parts = [f"q {unit:.5f} 0 0 {unit:.5f} {left:.2f} {bottom:.2f} cm"]
        for row, line in enumerate(matrix):
            start = None
            for column in range(count + 1):
                dark = column < count and line[column]
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    parts.append(f"{start} {count - 1 - row} {column - start} 1 re")
                    start = None
        parts.append("f Q")
        self.shapes.append("\n".join(parts))

    def content(self):
        """The operators of the page, to be put after those of its fixed part."""
        return "\n".join(["q 0 0 0 rg", *self.shapes, "BT", *self.texts, "ET Q"]).encode("ascii")


class Sheets:
    """A document that grows by pages which share fixed parts and fonts.

    Args:
        pdf: from `specimen.open_skeleton`.
        kinds: how many of its first pages are fixed parts.
    """

    def __init__(self, pdf, kinds):
        self.pdf = pdf
        self.fixed = [(page.Contents, page.Resources, page.MediaBox) for page in list(pdf.pages)[:kinds]]
        while len(pdf.pages):
            del pdf.pages[0]
        self.before, self.after = pdf.make_stream(b"q"), pdf.make_stream(b"Q")

    def add(self, canvas, *kinds):
        """Add a page with the fixed parts of these numbers and the canvas over them."""
        _, resources, media = self.fixed[kinds[0]]
        layers = [part for kind in kinds for part in (self.before, self.fixed[kind][0], self.after)]
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page, MediaBox=media, Resources=resources,
            Contents=pikepdf.Array([*layers, self.pdf.make_stream(canvas.content())]))
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(page)))

    def save(self, path):
        """Write the piece; the same pages give the same bytes."""
        self.pdf.save(path, deterministic_id=True, compress_streams=True,
                      object_stream_mode=pikepdf.ObjectStreamMode.generate)
