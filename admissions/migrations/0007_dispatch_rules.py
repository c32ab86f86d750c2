import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("admissions", "0006_mass_path_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="bands",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                blank=True,
                default=list,
                help_text="每段的志愿数，最后一段重复；仅分段平行志愿使用",
                size=None,
                verbose_name="志愿分段",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="major_gaps",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveIntegerField(),
                blank=True,
                default=list,
                help_text="第二专业起每个专业志愿减去的分数，最后一个重复",
                size=None,
                verbose_name="专业级差（百分之一分）",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="major_rule",
            field=models.CharField(
                choices=[("score_clear", "分数清"), ("major_clear", "专业清"), ("level_gap", "专业级差")],
                default="score_clear",
                max_length=12,
                verbose_name="专业分配",
            ),
        ),
        migrations.AlterField(
            model_name="batch",
            name="mode",
            field=models.CharField(
                choices=[
                    ("choice_first", "志愿优先"),
                    ("score_first", "平行志愿（分数优先）"),
                    ("parallel", "分段平行志愿"),
                    ("tiers", "梯度线内志愿优先"),
                    ("deferred_acceptance", "院校自主排序"),
                ],
                default="score_first",
                max_length=20,
                verbose_name="投档模式",
            ),
        ),
    ]
