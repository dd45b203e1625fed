-- CreateEnum
CREATE TYPE "Pooling" AS ENUM ('direct', 'transaction');

-- AlterTable
ALTER TABLE "clusters" ADD COLUMN     "pooling" "Pooling" NOT NULL DEFAULT 'direct';
