"""补录考生信息: many persons of the second stage in one file; each becomes a request for the audit.

The checks are those of the form, of all rows at once; nothing is written before the school has seen them.
"""

import re

from admissions.imports import codes
from admissions.imports.findings import Fault, Findings
from admissions.imports.importer import PLAN, ROWS, Importer, Lookup, Staged, registry
from admissions.imports.persons import IdentityCheck, NameCheck, PatternCheck, contact_checks
from admissions.imports.readers import ReadError
from admissions.imports.roll import UniqueCheck
from admissions.models import ImportedFile, Region, Season, Window
from admissions.reference import ethnic_groups, political_statuses
from admissions.services.requests import kind_of, request_draft, request_submit
from admissions.services.windows import closed_words
from quotas.models import PlanLine

from .entries import KEY, PROFILE, Entry
from .requests.late_candidate import asked_of
from .services.late_checks import STAGE, AgeCheck

MOST = 1_000
YEAR = PatternCheck(
    "graduated_in",
    re.compile(r"(19|20)\d\d", re.ASCII),
    Fault("graduated_in", "毕业年份应为四位年份", "如 2015；不详的请留空。"),
)
LEFT = "(seats_planned + seats_changed + seats_over - seats_taken)"
#: Rows with the seats left of the lines they may mean, and their place among those that mean the same.
SEATS = f"""
    SELECT s.row_no, s.major, coalesce(l.left_now, -1), row_number() OVER (
        PARTITION BY left(s.county, 4), s.major, s.track ORDER BY s.row_no)
    FROM {ROWS} s LEFT JOIN LATERAL (
        SELECT sum({LEFT}) AS left_now FROM quotas_planline p WHERE p.season_id = %(season)s
        AND p.school_id = {{school}} AND p.city = left(s.county, 4) AND p.major_code = s.major
        AND (s.track IS NULL OR p.track = s.track)) l ON true
    WHERE s.county IS NOT NULL AND s.major IS NOT NULL
"""
#: Rows whose person is a candidate of the season already.
KNOWN = (
    f"SELECT s.row_no, s.id_number, '' FROM {ROWS} s WHERE EXISTS (SELECT FROM admissions_candidate c"
    " JOIN admissions_dossier d ON d.candidate_id = c.id WHERE c.id_number = s.id_number"
    " AND c.season_id = %(season)s AND d.state {})"
)


class SizeCheck:
    """No more rows than one file may hold."""

    def __init__(self):
        self.rows = 0

    def check(self, block, findings: Findings) -> None:
        self.rows += len(block.numbers)

    def finish(self, findings: Findings) -> None:
        if self.rows > MOST:
            raise ReadError(f"一份文件最多 {MOST} 名考生，本文件有 {self.rows} 行。", "请分成几份上传。")


class OtherCheck:
    """情况说明: needed where the category asks for words."""

    FAULT = Fault("words_missing", "该考生类别须在“情况说明”中写明具体情况", "请补充。")

    def __init__(self):
        self.needed = {ground.code for ground in kind_of(KEY).reasons("ask") if ground.needs_text}

    def check(self, block, findings: Findings) -> None:
        for i, (code, words) in enumerate(zip(block.column("category"), block.column("words"), strict=True)):
            if code in self.needed and not words:
                findings.add(self.FAULT, block.headers.get("words", "情况说明"), block.numbers[i])


@registry.register
class LateCandidateImporter(Importer):
    """Makes requests for the audit; who is there already is an error, nobody is changed by it."""

    profile_name = PROFILE
    function = "registration.import_late_candidates"
    staged = (
        Staged("id_number", width=20),
        Staged("name", width=60),
        Staged("sex"),
        Staged("id_type"),
        Staged("born_on", "date", field="birth_date"),
        Staged("ethnic_group"),
        Staged("political_status"),
        Staged("category"),
        Staged("graduated_from", width=100),
        Staged("graduated_in", "smallint"),
        Staged("county", field="county_code"),
        Staged("major", field="major_code"),
        Staged("track", width=60),
        Staged("phone", width=30),
        Staged("address", width=200),
        Staged("guardian", width=60),
        Staged("handler", width=60),
        Staged("words"),
    )

    @property
    def school(self) -> int:
        """The school whose file it is, whoever confirms it."""
        return ImportedFile.objects.values_list("organisation", flat=True).get(pk=self.context.file_key)

    def codes(self):
        grounds = kind_of(KEY).reasons("ask")
        return {
            "ethnic_groups": codes.ethnic(),
            "political_statuses": codes.political(),
            "late_categories": {"": ""} | {word: g.code for g in grounds for word in (g.code, g.name)},
            "regions": {"": ""} | {code: code for code, _ in self._counties()},
        }

    def template_codes(self):
        return {
            "ethnic_groups": [(group.code, group.name) for group in ethnic_groups()],
            "political_statuses": [(status.code, status.name) for status in political_statuses()],
            "late_categories": [(ground.code, ground.name) for ground in kind_of(KEY).reasons("ask")],
            "regions": self._counties(),
        }

    def _counties(self) -> list[tuple[str, str]]:
        rows = Region.objects.filter(code__startswith=self.context.season.province, parent__isnull=False)
        return [(row.code, row.name) for row in rows.order_by("code") if len(row.code) == 6]

    def checks(self):
        season = self.context.season
        return (
            SizeCheck(), UniqueCheck("id_number"), IdentityCheck(), NameCheck(), AgeCheck(season),
            *contact_checks(), YEAR, OtherCheck(),
        )  # fmt: skip

    def lookups(self):
        yield Lookup(
            Fault("late_known", "本年度考生库中已有该证件号码的考生", "请用“录取在库考生”办理。"),
            "id_number",
            KNOWN.format("= 'pool'"),
        )
        yield Lookup(
            Fault("late_admitted", "该考生已在本省投档、录取或注册，或不参加本次录取", "不能补录。"),
            "id_number",
            KNOWN.format("<> 'pool'"),
        )
        yield Lookup(
            Fault("late_twice", "同一证件号码已有学校补录，正在审核", "请先撤回或等待审核。"),
            "id_number",
            f"SELECT s.row_no, s.id_number, '' FROM {ROWS} s JOIN admissions_request r"
            f" ON r.season_id = %(season)s AND r.kind = '{KEY}' AND r.state = 'submitted'"
            " AND r.subject = 'late:' || s.id_number",
        )
        seats = f"({SEATS.format(school=self.school)}) found (row_no, major, left_now, place)"
        yield Lookup(
            Fault(
                "late_no_plan", "本校没有面向该生源地市的这个专业（方向）的计划", "请核对专业代码和县区代码。"
            ),
            "major_code",
            f"SELECT row_no, major, '' FROM {seats} WHERE left_now < 0",
        )
        yield Lookup(
            Fault("late_no_seat", "该专业面向该生源地市的计划只余 {} 个", "请减少名单或先申请增加计划。"),
            "major_code",
            f"SELECT row_no, major, left_now::text FROM {seats} WHERE left_now >= 0 AND place > left_now",
        )
        if why := self._closed():
            yield Lookup(Fault("late_closed", why, "时间由省招办设置。"), "", "SELECT 0, '', ''")

    def _closed(self) -> str:
        season: Season = self.context.season
        kind = Window.Kind.DISPATCH
        return closed_words(season.windows.of_province().filter(kind=kind, stage=STAGE).first(), kind, STAGE)

    def diff(self):
        return f"SELECT s.row_no, NULL::bigint AS key, 'new' AS action, NULL::bigint AS was FROM {ROWS} s"

    def samples(self):
        return (
            f"SELECT p.action, p.row_no, s.name, s.handler FROM {PLAN} p JOIN {ROWS} s USING (row_no)"
            " ORDER BY p.row_no"
        )

    def write(self, cursor):
        """A request for each row, submitted; the checks are asked once more for each."""
        names = ("row_no", *(column.name for column in self.staged))
        cursor.execute(f"SELECT {', '.join(names)} FROM {ROWS} ORDER BY row_no")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        actor, kind, left = self.context.actor, kind_of(KEY), {}
        for row in rows:
            line = self._line(row, left)
            asked = asked_of(self._entry(row, line), line)
            words = row["words"] or ""
            made = request_draft(actor=actor, kind=kind, asked=asked, reason=row["category"], words=words)
            request_submit(actor=actor, request=made)

    def _line(self, row: dict, left: dict[int, int]) -> PlanLine:
        """The first line of its major with a seat, those before counted."""
        lines = PlanLine.objects.filter(
            season=self.context.season, school=self.school, city=row["county"][:4], major_code=row["major"]
        )
        if row["track"]:
            lines = lines.filter(track=row["track"])
        lines = list(lines.select_related("batch", "school").order_by("pk"))
        for line in lines:
            if left.setdefault(line.pk, line.seats_left) > 0:
                break
        left[line.pk] -= 1
        return line

    def _entry(self, row: dict, line: PlanLine) -> Entry:
        same = (
            "name", "sex", "id_type", "id_number", "ethnic_group", "county", "handler", "graduated_in",
        )  # fmt: skip
        texts = ("political_status", "graduated_from", "phone", "address", "guardian")
        return Entry(
            **{name: row[name] for name in same},
            **{name: row[name] or "" for name in texts},
            born_on=row["born_on"].isoformat(),
            line=line.pk,
        )
