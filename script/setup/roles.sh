# Roles, database and extensions on an empty PostgreSQL; the image of docker-compose.yml sources it once.
# The platform logs in as zhongzhao and takes on zhongzhao_web for each request.

psql -v ON_ERROR_STOP=1 -v password="${ZHONGZHAO_DB_PASSWORD:?set ZHONGZHAO_DB_PASSWORD}" \
    --username postgres --dbname postgres <<'SQL'
create role zhongzhao login nosuperuser nocreatedb nocreaterole nobypassrls password :'password';
create role zhongzhao_web nologin nosuperuser nocreatedb nocreaterole nobypassrls;
grant zhongzhao_web to zhongzhao;
create database zhongzhao owner zhongzhao;
\connect zhongzhao
create extension pg_trgm;
create extension btree_gist;
SQL
