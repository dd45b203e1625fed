-- CreateEnum
CREATE TYPE "Hibernation" AS ENUM ('CLOSED', 'DROPPED');

-- CreateEnum
CREATE TYPE "SagaKind" AS ENUM ('PROVISION', 'ROTATE', 'MOVE', 'RESTORE', 'HIBERNATE', 'WAKE', 'PURGE');

-- CreateEnum
CREATE TYPE "SagaState" AS ENUM ('RUNNING', 'UNDOING', 'DONE', 'UNDONE', 'FAILED');

-- CreateEnum
CREATE TYPE "SagaStepState" AS ENUM ('RUNNING', 'DONE', 'FAILED', 'UNDONE');

-- CreateEnum
CREATE TYPE "BackupFormat" AS ENUM ('COPY', 'PG_DUMP');

-- CreateEnum
CREATE TYPE "BackupReason" AS ENUM ('MANUAL', 'SCHEDULED', 'HIBERNATION', 'DELETION', 'RESTORE');

-- CreateEnum
CREATE TYPE "BackupState" AS ENUM ('RUNNING', 'DONE', 'FAILED', 'REMOVED');

-- DropIndex
DROP INDEX "audit_log_tenant_id_at_idx";

-- AlterTable
ALTER TABLE "audit_log" ADD COLUMN     "origin" TEXT;

-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "hibernation" "Hibernation",
ADD COLUMN     "last_active_at" TIMESTAMPTZ(3),
ADD COLUMN     "login_name" TEXT,
ADD COLUMN     "purge_after" TIMESTAMPTZ(3),
ADD COLUMN     "status_before" "TenantStatus";

-- Until the first rotation, the owner itself signs in.
UPDATE "tenants" SET "login_name" = "role_name";
ALTER TABLE "tenants" ALTER COLUMN "login_name" SET NOT NULL;

-- CreateTable
CREATE TABLE "sagas" (
    "id" UUID NOT NULL,
    "kind" "SagaKind" NOT NULL,
    "tenant_id" UUID NOT NULL,
    "state" "SagaState" NOT NULL DEFAULT 'RUNNING',
    "input" JSONB NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "error" TEXT,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "leased_until" TIMESTAMPTZ(3),
    "retry_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sagas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "saga_steps" (
    "saga_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" "SagaStepState" NOT NULL DEFAULT 'RUNNING',
    "attempts" INTEGER NOT NULL DEFAULT 1,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "saga_steps_pkey" PRIMARY KEY ("saga_id","position")
);

-- CreateTable
CREATE TABLE "shelf" (
    "id" UUID NOT NULL,
    "cluster_name" TEXT NOT NULL,
    "database_name" TEXT NOT NULL,
    "role_name" TEXT NOT NULL,
    "sealed_password" TEXT NOT NULL,
    "template" TEXT NOT NULL,
    "schema_version" TEXT NOT NULL,
    "ready_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "shelf_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backups" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "format" "BackupFormat" NOT NULL,
    "reason" "BackupReason" NOT NULL,
    "state" "BackupState" NOT NULL DEFAULT 'RUNNING',
    "store" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "schema_version" TEXT NOT NULL,
    "bytes" BIGINT,
    "checksum" TEXT,
    "error" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "verified_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "backups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_samples" (
    "tenant_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "database_bytes" BIGINT NOT NULL,

    CONSTRAINT "usage_samples_pkey" PRIMARY KEY ("tenant_id","at")
);

-- CreateTable
CREATE TABLE "erasure_certificates" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "document" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "signature" TEXT NOT NULL,

    CONSTRAINT "erasure_certificates_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sagas_tenant_id_created_at_idx" ON "sagas"("tenant_id", "created_at");

-- CreateIndex
CREATE INDEX "sagas_state_leased_until_idx" ON "sagas"("state", "leased_until");

-- CreateIndex
CREATE UNIQUE INDEX "shelf_database_name_key" ON "shelf"("database_name");

-- CreateIndex
CREATE UNIQUE INDEX "shelf_role_name_key" ON "shelf"("role_name");

-- CreateIndex
CREATE INDEX "shelf_cluster_name_template_ready_at_idx" ON "shelf"("cluster_name", "template", "ready_at");

-- CreateIndex
CREATE INDEX "backups_tenant_id_started_at_idx" ON "backups"("tenant_id", "started_at");

-- CreateIndex
CREATE INDEX "backups_state_expires_at_idx" ON "backups"("state", "expires_at");

-- CreateIndex
CREATE INDEX "usage_samples_at_idx" ON "usage_samples"("at");

-- CreateIndex
CREATE UNIQUE INDEX "erasure_certificates_tenant_id_key" ON "erasure_certificates"("tenant_id");

-- CreateIndex
CREATE INDEX "audit_log_tenant_id_at_id_idx" ON "audit_log"("tenant_id", "at", "id");

-- CreateIndex
CREATE INDEX "audit_log_at_id_idx" ON "audit_log"("at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "tenants_login_name_key" ON "tenants"("login_name");

-- AddForeignKey
ALTER TABLE "saga_steps" ADD CONSTRAINT "saga_steps_saga_id_fkey" FOREIGN KEY ("saga_id") REFERENCES "sagas"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "shelf" ADD CONSTRAINT "shelf_cluster_name_fkey" FOREIGN KEY ("cluster_name") REFERENCES "clusters"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backups" ADD CONSTRAINT "backups_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_samples" ADD CONSTRAINT "usage_samples_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;
