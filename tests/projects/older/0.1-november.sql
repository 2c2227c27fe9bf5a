-- a database as the first version of the store made it, before there were migrations
BEGIN TRANSACTION;
CREATE TABLE artefact (
	number INTEGER NOT NULL, 
	run_id VARCHAR(32) NOT NULL, 
	stage VARCHAR(40) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	bytes BIGINT NOT NULL, 
	"where" VARCHAR(4000) NOT NULL, 
	PRIMARY KEY (number), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "artefact" VALUES(1,'dddddddddddddddddddddddddddddddd','mesh','ply','0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f',123456789012,'model/mesh.ply');
INSERT INTO "artefact" VALUES(2,'dddddddddddddddddddddddddddddddd','mesh','ply','0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f',123456789012,'model/mesh.ply');
CREATE TABLE project (
	id VARCHAR(32) NOT NULL, 
	shop VARCHAR(200) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	customer VARCHAR(400) NOT NULL, 
	furniture_type VARCHAR(100) NOT NULL, 
	units VARCHAR(10) NOT NULL, 
	status VARCHAR(10) NOT NULL, 
	created DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "project" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','local','Wing chair','anna','Ms Ö','chair','mm','open','2026-11-20 08:30:00.123456');
INSERT INTO "project" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','local','gone','','','','mm','deleted','2026-11-20 08:30:00.123456');
CREATE TABLE run (
	id VARCHAR(32) NOT NULL, 
	scan_id VARCHAR(32) NOT NULL, 
	folder VARCHAR(4000) NOT NULL, 
	status VARCHAR(10) NOT NULL, 
	error VARCHAR(4000) NOT NULL, 
	started DATETIME NOT NULL, 
	finished DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(scan_id) REFERENCES scan (id)
);
INSERT INTO "run" VALUES('dddddddddddddddddddddddddddddddd','cccccccccccccccccccccccccccccccc','/jobs/1','completed','','2026-11-20 08:30:00.123456','2026-11-20 09:00:00.000000');
INSERT INTO "run" VALUES('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','cccccccccccccccccccccccccccccccc','/jobs/2','running','','2026-11-20 08:30:00.123456',NULL);
CREATE TABLE scan (
	id VARCHAR(32) NOT NULL, 
	project_id VARCHAR(32) NOT NULL, 
	name VARCHAR(400) NOT NULL, 
	created DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(project_id) REFERENCES project (id)
);
INSERT INTO "scan" VALUES('cccccccccccccccccccccccccccccccc','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','/photos/wing','2026-11-20 08:30:00.123456');
CREATE TABLE stage_run (
	number INTEGER NOT NULL, 
	run_id VARCHAR(32) NOT NULL, 
	stage VARCHAR(40) NOT NULL, 
	status VARCHAR(10) NOT NULL, 
	seconds DOUBLE NOT NULL, 
	inputs_hash VARCHAR(64) NOT NULL, 
	figures JSON NOT NULL, 
	notebook VARCHAR(4000) NOT NULL, 
	PRIMARY KEY (number), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "stage_run" VALUES(1,'dddddddddddddddddddddddddddddddd','align','completed',12.5,'abababababababababababababababababababababababababababababababab','{"views": 40}','notebooks/02.ipynb');
CREATE INDEX ix_project_shop ON project (shop);
CREATE INDEX ix_scan_project_id ON scan (project_id);
CREATE INDEX ix_run_scan_id ON run (scan_id);
CREATE INDEX ix_artefact_run_id ON artefact (run_id);
CREATE UNIQUE INDEX one_row_a_stage ON stage_run (run_id, stage);
CREATE INDEX ix_stage_run_run_id ON stage_run (run_id);
COMMIT;
