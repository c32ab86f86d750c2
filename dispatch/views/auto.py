"""自动审核管理: rules with their figures, one rule with versions, trials and switches, decisions to check again."""

from datetime import timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Organisation
from accounts.refusals import Refusal
from accounts.views.base import ActionView, ObjectMixin, PageView
from accounts.views.lists import ListView
from admissions.models import DossierEvent
from admissions.queries.track import as_told
from admissions.services.windows import season_of

from ..forms_auto import CheckForm, NewRuleForm, NoteForm, TryForm, WordsForm
from ..models import AutoDecision, AutoRule, AutoSwitch, AutoTrial, AutoVersion
from ..queries.auto import ALWAYS, decisions_seen, objection_rate, rules_in_figures
from ..services import auto as services
from ..services.passing import decision_check
from ..tables_auto import DecisionFilters, DecisionTable

SHOWN = 20
NAMED = 200


class AutoRulesView(PageView):
    """All rules of the season: on or off, by whom and since when, what they let through, how often objected to."""

    def get_context_data(self, **kwargs):
        rules = list(rules_in_figures(self.actor, season_of(self.actor)))
        last = AutoSwitch.objects.filter(rule__in=rules).select_related("made_by")
        switches = {switch.rule_id: switch for switch in last.order_by("pk")}
        rows = [
            {
                "rule": rule,
                "url": self.page("one", pk=rule.pk),
                "switch": switches.get(rule.pk),
                "words": services.content_words(rule.kind, rule.version.content),
                "rate": 100 * (rule.objections or 0) / rule.checked if rule.checked else None,
                "to_check": (rule.sampled or 0) - (rule.checked or 0),
            }
            for rule in rules
        ]
        news = [(kind.label, self.page("new", kind=kind.value)) for kind in AutoRule.Kind]
        may_set = self.actor.organisation.kind == Organisation.Kind.CITY
        return super().get_context_data(
            rows=rows, news=news, may_set=may_set, decisions_url=self.page("decisions"), **kwargs
        )


class NewRuleView(ActionView):
    """A new rule for the city, a batch, a school or a kind of plan; it is off."""

    form_class = NewRuleForm
    template_name = "dispatch/auto_rule_form.html"
    submit_label = "新建规则"
    done = "规则已新建，尚未启用。请先试运行。"

    def get_form_kwargs(self):
        if self.kwargs["kind"] not in AutoRule.Kind.values:
            raise Http404
        return super().get_form_kwargs() | {"kind": self.kwargs["kind"]}

    def form_valid(self, form):
        self.content = form.content()
        return super().form_valid(form)

    def act(self, data):
        names = ("batch", "school", "plan_kind")
        limits = {name: data[name] for name in names if data.get(name)}
        self.rule = services.rule_make(
            actor=self.actor, kind=self.kwargs["kind"], content=self.content, **limits
        )

    def get_success_url(self):
        return self.page("one", pk=self.rule.pk) if hasattr(self, "rule") else self.page()

    def get_context_data(self, **kwargs):
        kind = AutoRule.Kind(self.kwargs["kind"])
        return super().get_context_data(
            what=f"新建自动审核{kind.label}规则", always=ALWAYS[kind], cancel_url=self.page(), **kwargs
        )


class OneRule(ObjectMixin):
    """A page about one rule."""

    model = AutoRule

    def rows(self):
        return super().rows().select_related("batch", "school", "version__made_by")

    def get_success_url(self):
        return self.page("one", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        return super().get_context_data(what=str(self.object), cancel_url=self.get_success_url(), **kwargs)


class AutoRulePage(OneRule, PageView):
    """One rule: what it asks for, versions, trials with the refusals they would have missed, switches."""

    template_name = "dispatch/auto_rule.html"

    def get_context_data(self, **kwargs):
        rule = self.object
        trials = list(rule.trials.select_related("version", "made_by")[:10])
        asked = self.request.GET.get("trial", "")
        trial = next((one for one in trials if str(one.pk) == asked), trials[0] if trials else None)
        decisions = AutoDecision.objects.visible_to(self.actor).filter(rule=rule)
        checked, objections, rate = objection_rate(decisions.filter(version=rule.version_id))
        versions = [
            {
                "version": version,
                "words": services.content_words(rule.kind, version.content),
                "restore": self.page("restore", pk=rule.pk, number=version.number),
            }
            for version in AutoVersion.objects.filter(rule=rule).select_related("made_by")[:SHOWN]
        ]
        own_city = self.actor.scope.holds_region(rule.city)
        return super().get_context_data(
            always=ALWAYS[rule.kind],
            content=services.content_words(rule.kind, rule.version.content),
            versions=versions,
            switches=rule.switches.select_related("version", "made_by")[:SHOWN],
            trials=trials,
            trial=trial,
            refused=self.refused(trial) if trial else [],
            tried=any(one.version_id == rule.version_id for one in trials),
            may_set=own_city,
            checked=checked,
            objections=objections,
            rate=rate,
            passed=decisions.count(),
            urls={name: self.page(name, pk=rule.pk) for name in ("change", "try", "switch")},
            decisions_url=f"{self.page('decisions')}?rule={rule.pk}",
            **kwargs,
        )

    def refused(self, trial: AutoTrial):
        """Refusals by officers that the rule would have let through, those of candidates the actor sees."""
        seen = DossierEvent.objects.visible_to(self.actor).filter(pk__in=trial.refused)
        return seen.select_related("candidate", "school", "deed__actor").order_by("pk")[:NAMED]


class ChangeRuleView(OneRule, ActionView):
    """The next version of a rule."""

    form_class = NoteForm
    template_name = "dispatch/auto_rule_form.html"
    confirm = True
    submit_label = "修改"
    done = "规则已修改，须试运行后启用。"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"kind": self.object.kind}

    def get_initial(self):
        content = self.object.version.content
        margin = {"margin": content["margin"] / 100} if "margin" in content else {}
        return content | margin

    def form_valid(self, form):
        self.content = form.content()
        return super().form_valid(form)

    def preview(self, data):
        content = services.content_checked(self.object.kind, self.content)
        warnings = ["规则正在启用，修改后立即停用，须重新试运行。"] if self.object.on else []
        return {
            "words": f"{self.object}：{services.content_words(self.object.kind, content)}",
            "warnings": warnings,
        }

    def act(self, data):
        services.rule_change(actor=self.actor, rule=self.object, content=self.content, note=data["note"])

    def get_context_data(self, **kwargs):
        return super().get_context_data(always=ALWAYS[self.object.kind], **kwargs)


class RestoreRuleView(OneRule, ActionView):
    """还原: an earlier version as the next one."""

    template_name = "dispatch/auto_rule_form.html"
    confirm = True
    submit_label = "还原"
    done = "已还原为新的一版，须试运行后启用。"

    def preview(self, data):
        kept = get_object_or_404(AutoVersion, rule=self.object, number=self.kwargs["number"])
        words = services.content_words(self.object.kind, kept.content)
        return {"words": f"{self.object}还原为第 {kept.number} 版：{words}"}

    def act(self, data):
        services.rule_restore(actor=self.actor, rule=self.object, number=self.kwargs["number"])


class TryRuleView(OneRule, ActionView):
    """试运行: what the rule would have done with a day's decisions of officers."""

    form_class = TryForm
    template_name = "dispatch/auto_rule_form.html"
    submit_label = "试运行"
    done = "{result}"

    def get_initial(self):
        return {"day": f"{timezone.localdate() - timedelta(days=1):%Y-%m-%d}"}

    def act(self, data):
        trial = services.rule_try(actor=self.actor, rule=self.object, day=data["day"])
        return (
            f"{trial.day:%Y-%m-%d} 人工审核 {trial.decided} 名，规则会通过 {trial.passed} 名，"
            f"其中 {len(trial.refused)} 名当时被人工退回。没有改动任何档案。"
        )


class SwitchRuleView(OneRule, ActionView):
    """Switch a rule on, having seen its trial, or off."""

    form_class = WordsForm
    template_name = "dispatch/auto_rule_form.html"
    confirm = True
    done = "{result}"

    @property
    def submit_label(self):
        return "停用" if self.object.on else "启用"

    @cached_property
    def trial(self):
        return AutoTrial.objects.filter(version=self.object.version_id).first()

    def preview(self, data):
        rule = self.object
        if rule.on:
            return {"words": f"停用{rule}，此后该范围的考生全部由人工审核。"}
        if self.trial is None:
            raise Refusal("现行版本还没有试运行，试运行并核对结果后才能启用。")
        warnings = []
        if self.trial.refused:
            warnings.append(
                f"试运行中有 {len(self.trial.refused)} 名考生当时被人工退回，规则却会通过。请先查明原因。"
            )
        if not self.trial.decided:
            warnings.append(f"{self.trial.day:%Y-%m-%d} 没有人工审核，试运行说明不了问题，建议换一天再试。")
        words = (
            f"启用{rule}第 {rule.version.number} 版：{services.content_words(rule.kind, rule.version.content)}。"
            f"正在待审的和以后提交的，符合规则的立即通过，由您负责。"
        )
        return {"words": words, "warnings": warnings}

    def act(self, data):
        on = not self.object.on
        services.rule_switch(actor=self.actor, rule=self.object, on=on, words=data["words"])
        return f"规则已{'启用' if on else '停用'}。"


class DecisionsView(ListView):
    """What rules have let through; the sample is to be checked again."""

    model = AutoDecision
    table_class = DecisionTable
    filterset_class = DecisionFilters
    template_name = "dispatch/auto_decisions.html"

    def get_queryset(self):
        return decisions_seen(self.actor)

    @property
    def list_actions(self):
        url = f"{self.page('decisions')}?result=open"
        return (
            {"title": "抽中未复核", "url": url, "icon": "check2-square", "primary": True},
            {"title": "规则", "url": self.page(), "icon": "arrow-left"},
        )


class CheckView(ObjectMixin, ActionView):
    """复核: one decision of the sample, agreed to or objected to."""

    model = AutoDecision
    form_class = CheckForm
    template_name = "dispatch/auto_check.html"
    submit_label = "提交复核"
    done = "复核已记录。"

    def rows(self):
        return decisions_seen(self.actor)

    def act(self, data):
        decision_check(
            actor=self.actor, decision=self.object, agrees=data["agrees"] == "1", words=data["words"]
        )

    def get_success_url(self):
        """The next of the sample, or the list."""
        following = self.rows().filter(sampled=True, agrees=None).exclude(pk=self.object.pk)
        following = following.order_by("at", "pk").first()
        if following:
            return self.page("decisions__check", pk=following.pk)
        return f"{self.page('decisions')}?result=open"

    def get_context_data(self, **kwargs):
        person, placement = self.object.candidate, self.object.placement
        choices = person.choices.filter(batch=placement.batch_id).select_related("school")
        return super().get_context_data(
            placement=placement,
            choices=choices.order_by("position"),
            events=as_told(
                self.actor,
                person.events.select_related("deed__actor", "school", "reason").order_by("-pk")[:SHOWN],
            ),
            rule_url=self.page("one", pk=self.object.rule_id),
            cancel_url=f"{self.page('decisions')}?result=open",
            asked=self.object.sampled and self.object.agrees is None,
            **kwargs,
        )
