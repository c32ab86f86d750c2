"""Documents: time, size and memory, against the plain way in the same run.

    python bench/documents.py [--rows 1000 5000] [--notices 1000] [--repeat 3] [--workers 2]

Roster: `render_roster` against the same rows as one WeasyPrint table in one piece.
Notices: `render_notices` against one WeasyPrint document for each, of which a sample is printed and the
time scaled to the number of notices; the result names the sample. Every measurement has a process of its
own, is timed from the call to the written file (imports are done before), and reports the peak memory of
that process and of its largest child. Results go to bench/results/documents.json.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "子梓宇浩欣怡诗涵雨轩嘉俊佳琪思远文博志强晓明丽华伟芳敏静秀英建国志刚海燕春梅冬雪䶮𬱖㛃𡈽𠅤"
AT = datetime(2021, 10, 8, 9, 30)


def students(count):
    """Made-up rows; the same for the same count."""
    from rosters.documents.roster import RosterRow

    draw = random.Random(20211008)  # noqa: S311
    ethnic = ["汉族"] * 17 + ["壮族", "维吾尔族", "柯尔克孜族"]
    rows = []
    for serial in range(1, count + 1):
        name = draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice((1, 2, 2))))
        if draw.random() < 0.01:
            name = "阿卜杜热合曼·阿卜杜喀迪尔"
        birth = f"2006-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        rows.append(
            RosterRow(
                serial=serial,
                candidate_number=f"219901{serial:08d}",
                name=name,
                sex=draw.choice("男女"),
                birth=birth,
                ethnic=draw.choice(ethnic),
                political=draw.choice(("群众", "共青团员")),
                id_number=f"990106{birth.replace('-', '')}{draw.randrange(10**4):04d}",
                feeder_school=f"示例市示例区第{draw.randrange(1, 90)}初级中学",
                total=f"{draw.randrange(3000, 7500) / 10:.1f}",
                major="计算机应用",
                study_length="三年",
                remark=draw.choice(("", "", "应届", "三二分段")),
            )
        )
    return rows


def notices(count):
    """Made-up notices of one school."""
    from rosters.documents.notice import Notice

    return [
        Notice(
            province="示例省",
            year="2021",
            school="示例市示例职业技术学校",
            principal="",
            notice_number=f"2021-99001-{row.serial:06d}",
            candidate_number=row.candidate_number,
            name=row.name,
            sex=row.sex,
            major=row.major,
            study_length=row.study_length,
            programme_type="普通中专",
            report_date="2021年9月1日8:30—17:00",
            report_place="示例市示例区示例路1号 学校体育馆",
            materials="本通知书；居民身份证原件及复印件2份；户口簿复印件；初中毕业证书；近期照片6张。\n需迁移户口的，另带户口迁移证。",
            costs="符合条件的学生免学费；住宿费、书本费据实收取。\n家庭经济困难学生可申请国家助学金，请填写随附的申请表。",
            school_phone="0000-0000000",
            issued_on="2021年8月30日",
            verify_url=f"https://example.org/verify/2021-99001-{row.serial:06d}",
        )
        for row in students(count)
    ]


def roster(count, workers, out):
    """The roster as the platform prints it."""
    from rosters.documents.roster import RosterHeader, RosterSection, render_roster

    header = RosterHeader(
        province="示例省",
        title="示例省2021年中等职业学校录取新生名册",
        school_code="99001",
        school_name="示例市示例职业技术学校",
        stage="统一录取",
        print_batch="2021-99-0001",
        version=1,
        printed_at=AT,
        filing_office="示例省招生委员会办公室",
    )
    rows = students(count)
    started = time.perf_counter()
    render_roster(
        header, [(RosterSection("710201", "计算机应用", "三年", "示例市"), rows)], out=out, workers=workers
    )
    return time.perf_counter() - started


def roster_floor(count, _workers, out):
    """The same rows as one table in one piece, fixed columns, heading repeated by WeasyPrint."""
    import dataclasses

    from rosters.documents import roster_layout as layout
    from rosters.documents.specimen import FONT_STACK, HTML, font_configuration

    rows = students(count)
    started = time.perf_counter()
    heads = "".join(f'<th style="width:{column.width}mm">{column.title}</th>' for column in layout.COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in dataclasses.astuple(row)) + "</tr>"
        for row in rows
    )
    HTML(
        string=f"""<html lang="zh-CN"><style>@page {{ size: 297mm 210mm; margin: 40mm 11mm 40mm 22mm;
        @bottom-center {{ content: "第 " counter(page) " 页 / 共 " counter(pages) " 页" }} }}
        body {{ font: 8.4pt {FONT_STACK} }} td, th {{ border: .12mm solid; height: 5.1mm; padding: 0 .8mm }}
        table {{ border-collapse: collapse; table-layout: fixed; width: 264mm }}</style>
        <table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"""
    ).write_pdf(out, font_config=font_configuration())
    return time.perf_counter() - started


def notice(count, workers, out):
    """Notices as the platform prints them."""
    from rosters.documents.notice import render_notices

    given = notices(count)
    started = time.perf_counter()
    render_notices(given, out, workers, printed_at=AT)
    return time.perf_counter() - started


def notice_floor(count, _workers, out):
    """The same notice as one WeasyPrint document for each, with border and QR code as SVG."""
    import segno

    from rosters.documents.skeletons import TEMPLATES
    from rosters.documents.specimen import FONT_STACK, HTML, font_configuration

    border = (TEMPLATES / "documents" / "notice_border.svg").read_text(encoding="utf-8")
    given = notices(count)
    started = time.perf_counter()
    for each in given:
        fields = "".join(
            f"<tr><th>{title}</th><td>{escape(value)}</td></tr>"
            for title, value in (
                ("姓名", each.name),
                ("性别", each.sex),
                ("考生号", each.candidate_number),
                ("招生类型", each.programme_type),
                ("录取专业", each.major),
                ("学制", each.study_length),
                ("报到时间", each.report_date),
                ("报到地点", each.report_place),
            )
        )
        code = segno.make(each.verify_url, error="m", micro=False).svg_inline(scale=2)
        HTML(
            string=f"""<html lang="zh-CN"><style>@page {{ size: A4; margin: 28mm }}
            body {{ font: 11pt/1.6 {FONT_STACK}; margin: 0 }} h1, h2 {{ text-align: center }}
            .border {{ position: absolute; left: -28mm; top: -28mm }} th {{ width: 25mm }}
            table {{ width: 100%; border-collapse: collapse }} td, th {{ border: .15mm solid }}</style>
            {border}<h2>{escape(each.school)}</h2><h1>录取通知书</h1><p>编号：{each.notice_number}</p>
            <p><b>{escape(each.name)} 同学：</b></p><p>你已被我校录取，请按下列事项报到入学。</p>
            <table>{fields}</table><h4>报到时须携带的材料</h4><p>{escape(each.materials)}</p>
            <h4>收费与资助</h4><p>{escape(each.costs)}</p><h4>咨询电话</h4><p>{each.school_phone}</p>
            {code}<p>校长（签名）：</p><p>{escape(each.school)}（盖章）</p><p>{each.issued_on}</p>"""
        ).write_pdf(out, font_config=font_configuration())
    return time.perf_counter() - started


KINDS = {"roster": roster, "roster_floor": roster_floor, "notice": notice, "notice_floor": notice_floor}


def one(kind, count, workers):
    """Measure once, in this process."""
    import rosters.documents.notice_pages
    import rosters.documents.roster_pages  # noqa: F401 imports are not what is measured

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.pdf"
        seconds = KINDS[kind](count, workers, out)
        size = out.stat().st_size
    peak = {
        name: resource.getrusage(who).ru_maxrss / 1024
        for name, who in (("process", resource.RUSAGE_SELF), ("child", resource.RUSAGE_CHILDREN))
    }
    print(json.dumps({"seconds": seconds, "bytes": size, "peak_mb": peak}))


def measure(kind, count, workers, repeat):
    """Measure in processes of their own; medians."""
    runs = []
    for _ in range(repeat):
        answer = subprocess.run(
            [sys.executable, __file__, "--one", kind, str(count), str(workers)],
            capture_output=True,
            check=True,
            text=True,
            cwd=ROOT,
        )
        runs.append(json.loads(answer.stdout.splitlines()[-1]))
    return {
        "kind": kind,
        "count": count,
        "workers": workers,
        "repeat": repeat,
        "seconds": round(statistics.median(run["seconds"] for run in runs), 3),
        "all_seconds": [round(run["seconds"], 3) for run in runs],
        "bytes": runs[0]["bytes"],
        "peak_mb": round(max(max(run["peak_mb"].values()) for run in runs)),
    }


def say(result):
    """One line for a reader."""
    print(
        f"{result['kind']:14}{result['count']:>7}, {result['workers']} workers: "
        f"{result['seconds']:8.2f} s  {result['bytes'] / 1e6:6.2f} MB  peak {result['peak_mb']:>5} MB  "
        f"median of {result['repeat']} {result['all_seconds']}",
        flush=True,
    )


def main():
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--notices", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=40, help="notices of the plain way that are printed")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.one[0], int(options.one[1]), int(options.one[2]))
    results, ratios = [], {}

    def run(kind, count, workers, repeat):
        results.append(measure(kind, count, workers, repeat))
        say(results[-1])
        return results[-1]["seconds"]

    for count in options.rows:
        ours = run("roster", count, options.workers, options.repeat)
        alone = run("roster", count, 1, options.repeat)
        if count > 5000:
            print("no floor: the table in one piece needs some 7 GB at 20 000 rows")
            continue
        floor = run("roster_floor", count, 1, options.repeat if count <= 1000 else 1)
        ratios[f"roster_{count}"] = round(ours / floor, 4)
        ratios[f"roster_{count}_one_process"] = round(alone / floor, 4)
    if options.notices:
        ours = run("notice", options.notices, options.workers, options.repeat)
        run("notice", options.notices, 1, 1)
        floor = run("notice_floor", options.sample, 1, options.repeat)
        ratios[f"notices_{options.notices}"] = round(ours / (floor / options.sample * options.notices), 4)
        print(f"notice_floor: {options.sample} were printed, scaled to {options.notices}.")
    print("ratios to the plain way:", ratios)
    target = ROOT / "bench" / "results"
    target.mkdir(parents=True, exist_ok=True)
    (target / "documents.json").write_text(
        json.dumps(
            {
                "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
                "cores": os.cpu_count(),
                "results": results,
                "notice_floor_sample": options.sample,
                "ratios": ratios,
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
