-- CreateTable
CREATE TABLE "connection_shares" (
    "cluster" TEXT NOT NULL,
    "claims" TEXT,
    "signs" JSONB NOT NULL,
    "last_sign" DOUBLE PRECISION NOT NULL,
    "since" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "connection_shares_pkey" PRIMARY KEY ("cluster")
);
