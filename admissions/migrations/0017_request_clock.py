from django.db import migrations, models

TASK = "admissions.tasks.requests_keep"


def wake(apps, editor):
    """Every five minutes; what is due is decided by the clock when the task runs."""
    every, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=5, period="minutes"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(
        name="申请期限提醒和逾期", defaults={"task": TASK, "interval": every}
    )


def sleep(apps, editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("admissions", "0016_request_bulk"),
    ]

    operations = [
        migrations.AlterField(
            model_name="requestevent",
            name="deed",
            field=models.CharField(
                choices=[
                    ("drafted", "填写"),
                    ("changed", "修改"),
                    ("attached", "上传附件"),
                    ("detached", "删除附件"),
                    ("submitted", "提交"),
                    ("withdrawn", "撤回"),
                    ("approved", "同意"),
                    ("refused", "不同意"),
                    ("returned", "退回修改"),
                    ("effective", "生效"),
                    ("lapsed", "逾期未答复"),
                    ("reminded", "提醒"),
                    ("overdue", "逾期"),
                ],
                max_length=10,
                verbose_name="事项",
            ),
        ),
        migrations.RunPython(wake, sleep),
    ]
