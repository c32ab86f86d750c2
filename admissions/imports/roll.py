"""What importers of rows about candidates have in common: finding them, and telling who is not there."""

from .blocks import Block
from .findings import Fault, Findings
from .importer import ROWS, Context, Lookup
from .readers import ReadError

JOIN = f"FROM {ROWS} s JOIN admissions_candidate c ON c.season_id = %(season)s AND c.number = s.number"
FOREIGN = f"SELECT count(*) FILTER (WHERE {{within}}), count(*) FILTER (WHERE NOT ({{within}})) {JOIN}"
DUPLICATE = {
    "number": "考生号在文件中重复",
    "id_number": "证件号码在文件中重复",
    "student_number": "学籍号在文件中重复",
    "exam_number": "准考证号在文件中重复",
}


class UniqueCheck:
    """A column in which no value occurs twice in the file; every row of a value that does is named.

    Args:
        name: a column of ``DUPLICATE``.
    """

    def __init__(self, name: str):
        self.name = name
        self.fault = Fault(f"{name}_twice", DUPLICATE[name], "每名考生只能有一行，请查明后删除或更正。")
        self.seen: dict[str, int] = {}
        self.told: set[int] = set()

    def check(self, block: Block, findings: Findings) -> None:
        values = [value for value in block.column(self.name) if value]
        rows = block.numbers
        if len(values) != len(rows):
            rows = [row for row, value in zip(rows, block.column(self.name), strict=True) if value]
        here = dict(zip(values, rows, strict=True))
        if len(here) == len(values) and self.seen.keys().isdisjoint(here):
            self.seen.update(here)
            return
        for row, value in zip(rows, values, strict=True):
            first = self.seen.setdefault(value, row)
            if first != row:
                self._tell(first, value, block, findings)
                self._tell(row, value, block, findings)

    def _tell(self, row: int, value: str, block: Block, findings: Findings) -> None:
        if row not in self.told:
            self.told.add(row)
            findings.add(self.fault, block.headers[self.name], row, value)


def unknown(context: Context) -> Lookup:
    """Rows whose candidate the importer does not have."""
    return Lookup(
        Fault("candidate_unknown", "本地考生库中没有这个考生号", "请先导入考生基本信息，或核对考生号。"),
        "number",
        f"SELECT s.row_no, s.number, '' FROM {ROWS} s WHERE s.number IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM admissions_candidate c WHERE c.season_id = %(season)s AND c.number = s.number"
        f" AND {context.within('c')})",
    )


def differs(context: Context, name: str, title: str) -> Lookup:
    """Rows whose name, identity number or the like is not the candidate's."""
    return Lookup(
        Fault(f"{name}_differs", f"{title}与考生库不一致", "请核对是否张冠李戴。"),
        name,
        f"SELECT s.row_no, s.{name}, '' {JOIN} WHERE s.{name} <> c.{name} AND c.{name} <> ''"
        f" AND {context.within('c')}",
    )


class PlaceCheck:
    """A file of which no row is of one's own region, and some are of another's, is refused as a whole.

    Args:
        field: the column with region codes.
        place: code one's own begin with.
        name: of one's own region.
    """

    def __init__(self, field: str, place: str, name: str):
        self.field, self.place, self.name = field, place, name
        self.own = self.others = 0

    def check(self, block: Block, findings: Findings) -> None:
        texts = block.texts.get(self.field, ())
        own = sum(1 for text in texts if text.startswith(self.place))
        self.own += own
        self.others += sum(1 for text in texts if len(text) == 6 and text.isdigit()) - own

    def finish(self, findings: Findings) -> None:
        if self.others > 0 and not self.own:
            raise ReadError(
                f"这不是{self.name}的文件：各行的区域代码都不属于{self.name}。",
                f"请上传{self.name}自己的文件。",
            )


class ConcessionCheck:
    """照顾特征代码: several codes in one cell, each one of the city's, none twice; staged as an array.

    Args:
        known: codes of the city.
    """

    UNKNOWN = Fault("concession_unknown", "不是本市定义的照顾特征代码", "请先在“照顾特征定义”中定义。")
    TWICE = Fault("concession_twice", "照顾特征代码重复", "同一代码只填一次。")

    def __init__(self, known):
        self.known = known
        self.read = {"": ""}

    def check(self, block: Block, findings: Findings) -> None:
        texts = block.texts.get("concession_code")
        if texts is None:
            return
        values = []
        for i, text in enumerate(texts):
            if text not in self.read:
                self.read[text] = self._array(text)
            value = self.read[text]
            if isinstance(value, Fault):
                findings.add(value, block.headers["concession_code"], block.numbers[i], text)
                value = ""
            values.append(value)
        block.values["concessions"] = values

    def _array(self, text: str):
        parts = text.replace("，", ",").replace("、", ",").replace(" ", "").split(",")
        if any(part not in self.known for part in parts):
            return self.UNKNOWN
        if len(set(parts)) != len(parts):
            return self.TWICE
        return "{" + ",".join(sorted(parts)) + "}"
