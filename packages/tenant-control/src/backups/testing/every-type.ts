/** A migration with a column of every kind, and tables that are hard to restore. */
export const everyTypeMigration = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN amount AS bigint CHECK (VALUE > 0);
  CREATE DOMAIN total AS amount;
  CREATE TYPE point_of_time AS (label text, at timestamptz);
  CREATE TYPE attachment AS (content json);

  CREATE TABLE everything (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    small smallint, regular int DEFAULT 7, big bigint, exact numeric, scaled numeric(20, 5), single real, double double precision,
    cash money, flag boolean, plain text, bounded varchar(20), padded char(5), bytes bytea, byte_list bytea[],
    day date, moment timestamp, moment_zoned timestamptz(3), clock time, clock_zoned timetz, span interval,
    mood mood, moods mood[], amount amount, composite point_of_time, document json, document_binary jsonb, documents jsonb[],
    texts text[], numbers int[], bigs bigint[], matrix int[][], guid uuid, address inet, network cidr, card macaddr, bits bit(3), more_bits bit varying,
    search tsvector, place point, numbers_range int4range, days daterange, markup xml,
    total total, amounts amount[], attachments attachment[], "Weird ""Name" text, "t" text, twice int GENERATED ALWAYS AS (regular * 2) STORED
  );

  CREATE TABLE no_key (a int, b text, c json);
  CREATE TABLE no_columns ();
  CREATE TABLE empty (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "Mixed Case.table" (id text PRIMARY KEY, "SELECT" int);
  CREATE SCHEMA extra;
  CREATE TABLE extra.remarks (id uuid PRIMARY KEY, body text);

  CREATE TABLE employees (id int PRIMARY KEY, boss_id int REFERENCES employees (id), name text);
  COMMENT ON CONSTRAINT employees_boss_id_fkey ON employees IS 'who''s who';
  CREATE TABLE chickens (id int PRIMARY KEY, egg_id int);
  CREATE TABLE eggs (id int PRIMARY KEY, chicken_id int NOT NULL REFERENCES chickens (id) ON DELETE CASCADE);
  ALTER TABLE chickens ADD CONSTRAINT egg FOREIGN KEY (egg_id) REFERENCES eggs (id) DEFERRABLE INITIALLY DEFERRED;

  CREATE TABLE events (id int, at date NOT NULL, what text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE events_other PARTITION OF events DEFAULT;
  CREATE TABLE event_notes (id int PRIMARY KEY, at date, event_id int, FOREIGN KEY (at, event_id) REFERENCES events (at, id));

  CREATE TABLE animals (id int PRIMARY KEY, name text);
  CREATE TABLE dogs (breed text) INHERITS (animals);

  CREATE TABLE rules (id int PRIMARY KEY, value int);
  INSERT INTO rules VALUES (1, -1);
  ALTER TABLE rules ADD CONSTRAINT positive CHECK (value > 0) NOT VALID;

  CREATE DOMAIN grade AS int;
  CREATE TABLE grades (id int PRIMARY KEY, grade grade);
  INSERT INTO grades VALUES (1, -1);
  ALTER DOMAIN grade ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
  COMMENT ON CONSTRAINT positive ON DOMAIN grade IS 'from now on';

  CREATE TABLE log (id serial PRIMARY KEY, entry text);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (entry) VALUES (TG_OP); RETURN NEW; END $$;
  CREATE TRIGGER note AFTER INSERT OR UPDATE ON empty FOR EACH ROW EXECUTE FUNCTION note();
  CREATE TRIGGER note_always AFTER INSERT ON employees FOR EACH ROW EXECUTE FUNCTION note();
  ALTER TABLE employees ENABLE ALWAYS TRIGGER note_always;
  CREATE TRIGGER note_never AFTER INSERT ON chickens FOR EACH ROW EXECUTE FUNCTION note();
  ALTER TABLE chickens DISABLE TRIGGER note_never;
  CREATE TRIGGER note_events AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION note();

  CREATE SEQUENCE tickets START 1000 INCREMENT 5 MAXVALUE 2000;
  CREATE SEQUENCE "Unused" START 7;
  CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);
  CREATE MATERIALIZED VIEW loud AS SELECT id, upper(name) AS name FROM employees;
  CREATE TABLE defaults (id int PRIMARY KEY, name text);
  INSERT INTO defaults VALUES (1, 'by migration'), (2, 'by migration');
`;

/** Rows for it, and sequences that went on. */
export const everyTypeRows = `
  INSERT INTO everything DEFAULT VALUES;
  INSERT INTO everything (small, regular, big, exact, scaled, single, double, cash, flag, plain, bounded, padded, bytes, byte_list,
    day, moment, moment_zoned, clock, clock_zoned, span, mood, moods, amount, composite, document, document_binary, documents,
    texts, numbers, bigs, matrix, guid, address, network, card, bits, more_bits, search, place, numbers_range, days, markup,
    total, amounts, attachments, "Weird ""Name", "t")
  VALUES (-32768, 2147483, 9223372036854775807, 12345678901234567890.123456789012345678901, 1.5, 0.1, 1e-300, 12.34, true,
    E'tab\\t newline\\n return\\r back\\\\slash "double" ''single'' \\\\N \\\\. nul-free \\u2028 👩‍💻', '', 'a', '\\x00ff0a5c27', '{"\\\\x00","\\\\x0a",NULL}',
    '0044-03-15 BC', 'infinity', '2026-02-28 23:59:59.999+05:30', '24:00', '12:34:56.789+02', '1 year 2 mons -3 days 04:05:06.7',
    'happy', '{sad,NULL}', 5, ROW('x,"y"', '2026-01-01Z'), E'{"b": 1,\\n "a":\\t[1, 2], "b": 2}', '{"z": 1e2, "text": "line\\nbreak"}', '{"{\\"a\\": 1}", "null"}',
    ARRAY['', NULL, 'NULL', '{"', E'\\n\\\\'], '{}', '{9007199254740993}', '{{1,2},{3,4}}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1/64', '10.0.0.0/8',
    '08:00:2b:01:02:03', B'101', B'', 'fat:1 cat:2', '(1.5,-2)', '[1,)', 'empty', '<a b="c">d</a>',
    9007199254740993, '{9007199254740993}', ARRAY[ROW(E'[1,\\n2]')::attachment], 'w', 'not the row');
  INSERT INTO everything (single, double, exact, span, bytes) VALUES ('NaN', '-Infinity', 'NaN', '-1 day', '');
  INSERT INTO no_key VALUES (2, 'b', NULL), (1, NULL, '[]'), (1, NULL, '[]'), (NULL, E'\\n', '{}');
  INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
  INSERT INTO "Mixed Case.table" VALUES ('b', 1), ('A', 2), ('ä', 3), ('', 4);
  INSERT INTO extra.remarks VALUES (gen_random_uuid(), 'one');
  INSERT INTO employees VALUES (1, NULL, 'Ada'), (3, 1, 'Grace'), (2, 3, 'Edsger'); UPDATE employees SET boss_id = 2 WHERE id = 1;
  BEGIN; INSERT INTO chickens VALUES (1, 10); INSERT INTO eggs VALUES (10, 1); COMMIT;
  INSERT INTO events VALUES (1, '2025-05-05', 'a'), (2, '1999-01-01', 'b'); INSERT INTO event_notes VALUES (1, '2025-05-05', 1);
  INSERT INTO animals VALUES (1, 'cat'); INSERT INTO dogs VALUES (2, 'rex', 'mutt');
  SELECT nextval('tickets'), nextval('tickets'); SELECT setval('tickets', 2000);
  INSERT INTO scratch VALUES (1); DELETE FROM defaults WHERE id = 1; UPDATE defaults SET name = 'by hand';
  REFRESH MATERIALIZED VIEW loud;
`;
