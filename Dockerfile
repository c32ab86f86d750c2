# One image for web, worker, schedule and migration. Build arguments of pip (PIP_INDEX_URL and kin) are
# passed on with --build-arg where the default index is out of reach.
FROM python:3.12-slim-bookworm

ARG PIP_INDEX_URL
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk fonts-hanazono \
    && rm -rf /var/lib/apt/lists/* \
    && fc-cache --force \
    && groupadd --gid 10001 zhongzhao \
    && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin zhongzhao \
    && install -d -o zhongzhao -g zhongzhao /srv/files /srv/static

WORKDIR /srv/app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN python -m compileall -q .

ENV PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=admissions.project.settings.production \
    ZHONGZHAO_MEDIA=/srv/files \
    STATIC_ROOT=/srv/static

# Static files need no secret of their own; this one lives in this line only.
RUN SECRET_KEY=build DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build CELERY_BROKER_URL=redis://build \
    python manage.py collectstatic --no-input --verbosity 0 && chown -R zhongzhao: /srv/static

USER zhongzhao
EXPOSE 8000
CMD ["gunicorn", "admissions.project.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", \
     "--timeout", "300", "--max-requests", "2000", "--max-requests-jitter", "200", "--no-control-socket", \
     "--access-logfile", "-"]
