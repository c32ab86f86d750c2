"""A rare character is shown with a glyph of its own, on a page, in the font of the page."""

import pytest

# Draws a character as the cell would, and gives what came out, so that boxes can be told from glyphs.
DRAWN = """([selector, characters]) => {
  const font = getComputedStyle(document.querySelector(selector)).fontFamily;
  return Array.from(characters, character => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const pen = canvas.getContext("2d");
    pen.font = "48px " + font;
    pen.fillText(character, 4, 52);
    return canvas.toDataURL();
  });
}"""
NO_CHARACTER = "\U0003fffd\U0002fffd"


def drawn(at, selector: str, characters: str) -> list[str]:
    return at.tab.evaluate(DRAWN, [selector, characters])


@pytest.mark.usefixtures("candidates")
def test_rare_characters_are_no_boxes(desk, people):
    at = desk(people["city"])
    at.tab.goto("/admissions/manage-candidates/")
    cell = "td:has-text('张𬱖䶮')"
    at.tab.wait_for_selector(cell)
    at.tab.evaluate("selector => selector", cell)
    shown = at.tab.locator(cell).first
    shown.evaluate("cell => cell.id = 'rare'")
    boxes = drawn(at, "#rare", NO_CHARACTER)
    glyphs = drawn(at, "#rare", "𬱖䶮张")
    blank = drawn(at, "#rare", " ")
    assert len(set(glyphs)) == 3, "three characters, three shapes"
    assert not set(glyphs) & {*boxes, *blank}


@pytest.mark.usefixtures("candidates")
def test_the_check_above_knows_a_box(desk, people):
    """Two characters that do not exist look the same: a box."""
    at = desk(people["city"])
    at.tab.goto("/admissions/manage-candidates/")
    first, second = drawn(at, "td", NO_CHARACTER)
    assert first == second
