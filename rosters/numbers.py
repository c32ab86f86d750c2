"""Numbers that stand on documents, and the check digit of those that come in."""

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DIGITS = "10X98765432"


def notice_number(*, year: int, school_code: str, serial: int) -> str:
    """Number of an admission notice: year, school, serial of five digits (202110001 00001).

    Args:
        year: of admission.
        school_code: unique in the province.
        serial: from 1, within year and school.
    """
    return f"{year}{school_code}{serial:05d}"


def print_batch(*, year: int, stage: int, school_code: str, version: int) -> str:
    """Number of a printing of a roster: year, stage, school, version."""
    return f"{year}-{stage}-{school_code}-{version:02d}"


def id_number_fault(number: str, *, sex: str = "", born: str = "") -> str:
    """What is wrong with an identity number of GB 11643, in words; empty if nothing.

    Args:
        number: 18 characters.
        sex: ``1`` or ``2``, compared with the parity of the serial if given.
        born: date of birth as eight digits, compared if given.
    """
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return "不是 18 位身份证号"
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    if DIGITS[total % 11] != number[17].upper():
        return "校验位不符"
    if born and number[6:14] != born:
        return "与出生日期不符"
    if sex and str(2 - int(number[16]) % 2) != sex:
        return "与性别不符"
    return ""
