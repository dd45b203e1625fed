-- AlterTable
ALTER TABLE "sagas" ADD COLUMN     "origin" TEXT;

-- The audit log only grows, under any session_replication_role.
ALTER TABLE "audit_log" ENABLE ALWAYS TRIGGER "audit_log_is_append_only";
