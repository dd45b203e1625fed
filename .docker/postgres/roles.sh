#!/bin/sh
# Runs once, when the volume is new: a role for each purpose, with the rights that it needs and no more. No service knows the
# superuser's password.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set control_owner_password="$(cat /run/secrets/control-owner-password)" \
  --set control_password="$(cat /run/secrets/control-password)" \
  --set provisioner_password="$(cat /run/secrets/provisioner-password)" \
  --set pooler_password="$(cat /run/secrets/pooler-password)" <<'SQL'
-- Only the service `setup` is the owner, who may change the schema. What the services may do in it, `setup` grants.
CREATE ROLE tenantry_control_owner LOGIN PASSWORD :'control_owner_password';
CREATE ROLE tenantry_control LOGIN PASSWORD :'control_password';
CREATE DATABASE tenantry_control OWNER tenantry_control_owner;
CREATE ROLE tenantry_provisioner LOGIN CREATEDB CREATEROLE PASSWORD :'provisioner_password';
-- To end the sessions in a database that is to be closed or dropped, the pooler's among them.
GRANT pg_signal_backend TO tenantry_provisioner;
-- PgBouncer's own: provisioning lets it into each tenant's database, to read how that tenant's role signs in.
CREATE ROLE tenantry_pooler LOGIN PASSWORD :'pooler_password';
-- Whatever a tenant has made of the path in its database: what the pooler calls there by name is Postgres's own.
ALTER ROLE tenantry_pooler SET search_path = pg_catalog;
-- Tenants' roles are let into their own databases, and nowhere else.
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO tenantry_provisioner;
SQL
