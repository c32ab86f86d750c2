"""Filters of this app's lists: what they offer lies within the actor's scope."""

import django_filters as filters

from .lifecycle import WORDS
from .models import Candidate, FeederSchool, ImportedFile, Region
from .models.candidate import Sex


def counties_seen(request):
    """Counties within the scope of whoever asks."""
    found = Region.objects.none()
    for code in request.user.scope.regions if request and request.user.scope else ():
        found = found | Region.objects.filter(code__startswith=code)
    return found.filter(code__regex=r"^\d{6}$")


class CandidateFilter(filters.FilterSet):
    """考生资料管理: numbers and names by their beginning, identity numbers as a whole."""

    number = filters.CharFilter(label="考生号", method="begins")
    name = filters.CharFilter(label="姓名", method="begins")
    id_number = filters.CharFilter(label="证件号码", method="whole")
    county = filters.ModelChoiceFilter(
        label="县区", queryset=counties_seen, method="of_county", empty_label="全部"
    )
    state = filters.ChoiceFilter(
        label="状态",
        field_name="dossier__state",
        choices=[(state.value, word) for state, word in WORDS.items()],
        empty_label="全部",
    )
    sex = filters.ChoiceFilter(label="性别", choices=Sex.choices, empty_label="全部")
    feeder_school = filters.CharFilter(label="毕业学校代码", method="of_feeder")

    class Meta:
        model = Candidate
        fields = ()

    def begins(self, rows, name, value):
        return rows.filter(**{f"{name}__begins": value.strip()})

    def whole(self, rows, name, value):
        return rows.filter(**{name: value.strip().upper()})

    def of_county(self, rows, name, value):
        return rows.filter(county=value.code)

    def of_feeder(self, rows, name, value):
        schools = FeederSchool.objects.visible_to(self.request.user).filter(code=value.strip())
        return rows.filter(feeder_school__in=schools.values("pk"))


class ImportedFileFilter(filters.FilterSet):
    """Files that came in, by how they stand."""

    state = filters.ChoiceFilter(label="状态", choices=ImportedFile.State.choices, empty_label="全部")
    uploaded_at = filters.DateFilter(label="上传日期", lookup_expr="date")
    file_name = filters.CharFilter(label="文件名", lookup_expr="contains")

    class Meta:
        model = ImportedFile
        fields = ()
