BEGIN TRANSACTION;
CREATE TABLE attempts (
	delivery_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	started DATETIME NOT NULL, 
	ended DATETIME, 
	status INTEGER, 
	error TEXT DEFAULT '' NOT NULL, 
	seconds FLOAT, 
	possible_duplicate BOOLEAN NOT NULL, 
	PRIMARY KEY (delivery_id, number), 
	FOREIGN KEY(delivery_id) REFERENCES deliveries (id)
);
INSERT INTO "attempts" VALUES(1,1,'answered','2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000',200,'',0.0,0);
INSERT INTO "attempts" VALUES(2,1,'answered','2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000',200,'',0.0,0);
INSERT INTO "attempts" VALUES(3,1,'answered','2026-01-01 00:07:00.000000','2026-01-01 00:07:00.000000',200,'',0.0,0);
CREATE TABLE conditions (
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	type TEXT NOT NULL, 
	status TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	message TEXT NOT NULL, 
	observed_generation TEXT NOT NULL, 
	last_transition DATETIME NOT NULL, 
	PRIMARY KEY (kind, name, type)
);
INSERT INTO "conditions" VALUES('experiment','scoring','Ready','True','Ready','It is as declared.','v1:58c44b192d8329bec9322b96','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('experiment','scoring','Synced','True','InSync','It is as declared.','v1:58c44b192d8329bec9322b96','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('experiment','scoring','Healthy','True','Healthy','It is as declared.','v1:58c44b192d8329bec9322b96','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('experiment','scoring','Reconciling','False','Idle','Nothing is under way.','v1:58c44b192d8329bec9322b96','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('experiment','scoring','Stalled','False','Moving','Nothing needs a person.','v1:58c44b192d8329bec9322b96','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('experiment','scoring','Suspended','False','NotSuspended','It is not suspended.','v1:58c44b192d8329bec9322b96','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('model','churn','Ready','True','Ready','It is as declared.','v1:2825a2eef701e7359f4cc15a','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('model','churn','Synced','True','InSync','It is as declared.','v1:2825a2eef701e7359f4cc15a','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('model','churn','Healthy','True','Healthy','It is as declared.','v1:2825a2eef701e7359f4cc15a','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('model','churn','Reconciling','False','Idle','Nothing is under way.','v1:2825a2eef701e7359f4cc15a','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('model','churn','Stalled','False','Moving','Nothing needs a person.','v1:2825a2eef701e7359f4cc15a','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('model','churn','Suspended','False','NotSuspended','It is not suspended.','v1:2825a2eef701e7359f4cc15a','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('model','leads','Ready','True','Ready','It is as declared.','v1:aad0c5837ecef26cf63ecce3','2026-01-01 00:06:00.000000');
INSERT INTO "conditions" VALUES('model','leads','Synced','True','InSync','It is as declared.','v1:aad0c5837ecef26cf63ecce3','2026-01-01 00:06:00.000000');
INSERT INTO "conditions" VALUES('model','leads','Healthy','True','Healthy','It is as declared.','v1:aad0c5837ecef26cf63ecce3','2026-01-01 00:06:00.000000');
INSERT INTO "conditions" VALUES('model','leads','Reconciling','False','Idle','Nothing is under way.','v1:aad0c5837ecef26cf63ecce3','2026-01-01 00:06:00.000000');
INSERT INTO "conditions" VALUES('model','leads','Stalled','False','Moving','Nothing needs a person.','v1:aad0c5837ecef26cf63ecce3','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('model','leads','Suspended','False','NotSuspended','It is not suspended.','v1:aad0c5837ecef26cf63ecce3','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('webhook','site','Ready','True','Ready','3 announcements delivered.','v1:e38d02e8e0233921be27ba43','2026-01-01 00:08:00.000000');
INSERT INTO "conditions" VALUES('webhook','site','Synced','True','InSync','It is as declared.','v1:e38d02e8e0233921be27ba43','2026-01-01 00:07:00.000000');
INSERT INTO "conditions" VALUES('webhook','site','Healthy','True','Delivered','3 announcements delivered.','v1:e38d02e8e0233921be27ba43','2026-01-01 00:08:00.000000');
INSERT INTO "conditions" VALUES('webhook','site','Reconciling','False','Idle','Nothing is under way.','v1:e38d02e8e0233921be27ba43','2026-01-01 00:08:00.000000');
INSERT INTO "conditions" VALUES('webhook','site','Stalled','False','Moving','Nothing needs a person.','v1:e38d02e8e0233921be27ba43','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('webhook','site','Suspended','False','NotSuspended','It is not suspended.','v1:e38d02e8e0233921be27ba43','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('service','batch','Ready','True','PreflightWarning','1 of 1 tasks run hokusai-batch-development:2. Warning: hokusai/batch:2 is taken from Docker Hub, not from this account''s ECR: write 123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/batch:2, or docker.io/hokusai/batch:2 if Docker Hub is meant.','v1:b61c6a757f18154e8a84e385','2026-01-01 00:16:00.000000');
INSERT INTO "conditions" VALUES('service','batch','Synced','True','InSync','It is as declared.','v1:b61c6a757f18154e8a84e385','2026-01-01 00:16:00.000000');
INSERT INTO "conditions" VALUES('service','batch','Healthy','True','Running','1 of 1 tasks run hokusai-batch-development:2.','v1:b61c6a757f18154e8a84e385','2026-01-01 00:16:00.000000');
INSERT INTO "conditions" VALUES('service','batch','Reconciling','False','Idle','Nothing is under way.','v1:b61c6a757f18154e8a84e385','2026-01-01 00:16:00.000000');
INSERT INTO "conditions" VALUES('service','batch','Stalled','False','Moving','Nothing needs a person.','v1:b61c6a757f18154e8a84e385','2026-01-01 00:15:00.000000');
INSERT INTO "conditions" VALUES('service','batch','Suspended','False','NotSuspended','It is not suspended.','v1:b61c6a757f18154e8a84e385','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('service','worker','Ready','True','Ready','1 of 1 tasks run hokusai-worker-development:1.','v1:aa111470ac37e88acccc294c','2026-01-01 00:25:00.000000');
INSERT INTO "conditions" VALUES('service','worker','Synced','True','InSync','It is as declared.','v1:aa111470ac37e88acccc294c','2026-01-01 00:25:00.000000');
INSERT INTO "conditions" VALUES('service','worker','Healthy','True','Running','1 of 1 tasks run hokusai-worker-development:1.','v1:aa111470ac37e88acccc294c','2026-01-01 00:25:00.000000');
INSERT INTO "conditions" VALUES('service','worker','Reconciling','False','Idle','Nothing is under way.','v1:aa111470ac37e88acccc294c','2026-01-01 00:25:00.000000');
INSERT INTO "conditions" VALUES('service','worker','Stalled','False','Moving','Nothing needs a person.','v1:aa111470ac37e88acccc294c','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('service','worker','Suspended','False','NotSuspended','It is not suspended.','v1:aa111470ac37e88acccc294c','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('endpoint','api','Ready','True','Ready','api.hokusai-development.local:8001 is 10.0.0.17.','v1:5cfc1150d9eec5e4717576d6','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('endpoint','api','Synced','True','InSync','It is as declared.','v1:5cfc1150d9eec5e4717576d6','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('endpoint','api','Healthy','True','Answering','api.hokusai-development.local:8001 is 10.0.0.17.','v1:5cfc1150d9eec5e4717576d6','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('endpoint','api','Reconciling','False','Idle','Nothing is under way.','v1:5cfc1150d9eec5e4717576d6','2026-01-01 00:02:00.000000');
INSERT INTO "conditions" VALUES('endpoint','api','Stalled','False','Moving','Nothing needs a person.','v1:5cfc1150d9eec5e4717576d6','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('endpoint','api','Suspended','False','NotSuspended','It is not suspended.','v1:5cfc1150d9eec5e4717576d6','2026-01-01 00:01:00.000000');
INSERT INTO "conditions" VALUES('service','api','Ready','False','RevisionRejected','What is declared was set aside by ada: It answers slowly.. It is rolled out again when the declaration of its tasks changes, or with `hokusai rollback service/api --undo --reason TEXT`.','v1:b2e7e834657542a25a1fb71a','2026-01-01 00:30:00.000000');
INSERT INTO "conditions" VALUES('service','api','Synced','False','RevisionRejected','What is declared was set aside by ada: It answers slowly.. It is rolled out again when the declaration of its tasks changes, or with `hokusai rollback service/api --undo --reason TEXT`.','v1:b2e7e834657542a25a1fb71a','2026-01-01 00:30:00.000000');
INSERT INTO "conditions" VALUES('service','api','Healthy','True','Running','1 of 1 tasks run hokusai-api-development:1.','v1:b2e7e834657542a25a1fb71a','2026-01-01 00:31:00.000000');
INSERT INTO "conditions" VALUES('service','api','Reconciling','False','Idle','Nothing is under way.','v1:b2e7e834657542a25a1fb71a','2026-01-01 00:31:00.000000');
INSERT INTO "conditions" VALUES('service','api','Stalled','True','RevisionRejected','What is declared was set aside by ada: It answers slowly.. It is rolled out again when the declaration of its tasks changes, or with `hokusai rollback service/api --undo --reason TEXT`.','v1:b2e7e834657542a25a1fb71a','2026-01-01 00:30:00.000000');
INSERT INTO "conditions" VALUES('service','api','Suspended','False','NotSuspended','It is not suspended.','v1:b2e7e834657542a25a1fb71a','2026-01-01 00:01:00.000000');
CREATE TABLE deliveries (
	id INTEGER NOT NULL, 
	event_id TEXT NOT NULL, 
	target TEXT NOT NULL, 
	sink TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at DATETIME NOT NULL, 
	claimed_by TEXT, 
	claimed_until DATETIME, 
	claim BIGINT DEFAULT '0' NOT NULL, 
	recorded DATETIME NOT NULL, 
	ended DATETIME, 
	reason TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT deliveries_once UNIQUE (event_id, target, sink), 
	FOREIGN KEY(event_id) REFERENCES webhook_events (id)
);
INSERT INTO "deliveries" VALUES(1,'abc1fe7a-099a-536c-a74b-43e6206a45ad','site','webhook','delivered',1,'2026-01-01 00:03:00.000000',NULL,NULL,1,'2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000','');
INSERT INTO "deliveries" VALUES(2,'32ca1d86-c926-5de4-a925-4743b62b5c23','site','webhook','delivered',1,'2026-01-01 00:03:00.000000',NULL,NULL,1,'2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000','');
INSERT INTO "deliveries" VALUES(3,'d1dcbe55-1070-5059-9b49-39a5aafe386b','site','webhook','delivered',1,'2026-01-01 00:07:00.000000',NULL,NULL,1,'2026-01-01 00:07:00.000000','2026-01-01 00:07:00.000000','');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	type TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	message TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	first_seen DATETIME NOT NULL, 
	last_seen DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (digest)
);
INSERT INTO "events" VALUES(1,'781ff47df28ac3da1927422f1b83de561b120c8755fe239284512f5dc6ce9d64','experiment','scoring','Normal','Missing','Create: Applied',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(2,'93287364145553188d5d9264d449202efd811974a968e1bcd0691f02ef8b6b5e','model','churn','Normal','Missing','Create: Applied',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(3,'a6146d5f8a9fe30022a7bd0d251051404ea1e2cc29df84fdf19aed6579583fbf','service','api','Normal','Missing','Create: The service was created; its tasks start.',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(4,'da037cabd1c29ae9dad676e023ccdb14452995c89aa6622009e5530eed998631','service','batch','Normal','Missing','Create: Step migrate was started; the rollout follows it.',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(5,'8ed95d42ae2e0764287e769580428dba44a77096af68f4fdfce9d9c8fce23acf','service','worker','Normal','Missing','Create: The service was created; its tasks start.',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(6,'b9808220dcff0b877af1f16f2a0a08929f5bcb2fedb43997e8c251ade27f462f','webhook','site','Normal','Missing','Create: Applied',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(7,'e0f34bc99839acb6535870cfa0ebc188d18cda45c23d44a13df18e2d5cbb0c2d','model','leads','Normal','Missing','Create: Applied',1,'2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000');
INSERT INTO "events" VALUES(8,'a4cc3dd5dd368b34d1a35ba74ed232848752f430157fe6709d85b35f42403d25','endpoint','api','Normal','Drifted','Update: Applied',3,'2026-01-01 00:02:00.000000','2026-01-01 00:31:00.000000');
INSERT INTO "events" VALUES(9,'050de4cad3ab2ac6219fd30adb57a2423e105e2d887f26b7bdccca146b123b2d','model','churn','Normal','Drifted','Update: Applied',1,'2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000');
INSERT INTO "events" VALUES(10,'5ab37cb51dc3ee0a9ad90fa77810d503b1d04a16eca965d13740711066ac67f8','service','batch','Normal','Missing','Create: Step migrate succeeded.',1,'2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000');
INSERT INTO "events" VALUES(11,'d7330190789c65cfdc93ce397ae9de1309fb5fb24ead84d1ddd12984b77a855b','service','worker','Normal','Changed','Update: Applied',1,'2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000');
INSERT INTO "events" VALUES(12,'2637aaeec2089c2dd21639d3a012c2eb6a5ac2aeaab616d3048982ffac542d7a','endpoint','api','Normal','Ready','Ready is True: api.hokusai-development.local:8001 is 10.0.0.5.',1,'2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000');
INSERT INTO "events" VALUES(13,'09c8d8a597d9e138f5039a5fc455adaf8b35c537650e60999f85d41c1c409e29','model','churn','Normal','Ready','Ready is True: It is as declared.',1,'2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000');
INSERT INTO "events" VALUES(14,'213875d1f73b9b06eed6a41abd70f3c5757493194551466e5967b1448ac95cec','service','api','Warning','PreflightWarning','Ready is True: 1 of 1 tasks run hokusai-api-development:1. Warning: hokusai/api:1 is taken from Docker Hub, not from this account''s ECR: write 123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/api:1, or docker.io/hokusai/api:1 if Docker Hub is meant.',1,'2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000');
INSERT INTO "events" VALUES(15,'72ba7908ea2476ff095e54b6f44c0844f647b7c8bb8e32666eea776f7dc7176c','service','worker','Normal','Ready','Ready is True: 1 of 1 tasks run hokusai-worker-development:1.',4,'2026-01-01 00:02:00.000000','2026-01-01 00:25:00.000000');
INSERT INTO "events" VALUES(16,'85dd2eb71cf3d5d781b72e696a6995397a52ff2e80cdb5c62e7266b8f27a82e4','webhook','site','Normal','Unannounced','Ready is False: Will announce it.',2,'2026-01-01 00:02:00.000000','2026-01-01 00:06:00.000000');
INSERT INTO "events" VALUES(17,'251b0d775116be9f19fc825566c9ef0728b1081dd1cd22c1bac05e6c631913fd','service','batch','Normal','Missing','Create: The service was created; its tasks start.',1,'2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000');
INSERT INTO "events" VALUES(18,'afa4ae8fe2217ba724874133ca6dca3cced1b8cba5d7886d4f0a28c64e790b89','webhook','site','Normal','Unannounced','Announce: Applied',4,'2026-01-01 00:03:00.000000','2026-01-01 00:08:00.000000');
INSERT INTO "events" VALUES(19,'e2c6841774de6a2468ee07ad8d1ffe20201d2aa2bbf16a85cc8dbac292a53b91','service','batch','Normal','RolloutInProgress','Ready is False: hokusai-batch-development:1 rolls out: 0 of 1 tasks run.',1,'2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000');
INSERT INTO "events" VALUES(20,'10c91cc942cf56fdbc756b6b580e590c9a5f516d242dd185e115e229d4219d19','webhook','site','Normal','Delivering','Ready is False: 2 deliveries are under way.',1,'2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000');
INSERT INTO "events" VALUES(21,'ed902b3dda24780dfa4afa2321663fffe6de70c52c0cf01b453f12fa33992933','service','batch','Warning','PreflightWarning','Ready is True: 1 of 1 tasks run hokusai-batch-development:1. Warning: hokusai/batch:1 is taken from Docker Hub, not from this account''s ECR: write 123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/batch:1, or docker.io/hokusai/batch:1 if Docker Hub is meant.',1,'2026-01-01 00:04:00.000000','2026-01-01 00:04:00.000000');
INSERT INTO "events" VALUES(22,'271a258eb3d5765e833f0262cc187a497af2390b87c83f6a523be6d7bdb83e7f','webhook','site','Normal','Ready','Ready is True: 2 announcements delivered.',1,'2026-01-01 00:04:00.000000','2026-01-01 00:04:00.000000');
INSERT INTO "events" VALUES(23,'ffb73248fbb9e9cf45ac0c581fddc43fe5e144bb1a8ef08d43d98a87adbc2f3c','model','leads','Normal','Drifted','Update: Applied',1,'2026-01-01 00:06:00.000000','2026-01-01 00:06:00.000000');
INSERT INTO "events" VALUES(24,'b42774d441c7e93d0055579847ffe3d1f66ea58e08bbae74804448991cca8017','model','leads','Normal','Ready','Ready is True: It is as declared.',1,'2026-01-01 00:06:00.000000','2026-01-01 00:06:00.000000');
INSERT INTO "events" VALUES(25,'f87dd201400ac4eee353d44fbf04f9705b21d00148e1a1b0d545ff9382e4cc29','webhook','site','Normal','Delivering','Ready is False: 1 deliveries are under way.',1,'2026-01-01 00:07:00.000000','2026-01-01 00:07:00.000000');
INSERT INTO "events" VALUES(26,'d6e57dd00c66f013446d63e257163e3304beed49cf4f27195ddb00ab2ed672a9','webhook','site','Normal','Ready','Ready is True: 3 announcements delivered.',1,'2026-01-01 00:08:00.000000','2026-01-01 00:08:00.000000');
INSERT INTO "events" VALUES(27,'b667e4399d82a5df7709750ba0ff2d0a922939cf39d0ddcc53ff9a1aeaf26091','service','batch','Normal','Changed','Update: Step migrate was started; the rollout follows it.',1,'2026-01-01 00:10:00.000000','2026-01-01 00:10:00.000000');
INSERT INTO "events" VALUES(28,'60d968241b60700e326332a9f031b5456932b4ccf6c7798f85aefa44c4ea29bd','service','batch','Normal','Waiting','Ready is False: Step migrate was started; the rollout follows it.',1,'2026-01-01 00:10:00.000000','2026-01-01 00:10:00.000000');
INSERT INTO "events" VALUES(29,'dafc4767f0b7f22fdf5c1d6ac9b6c59556a8996389d56af34541e0b1edbde8ff','service','batch','Normal','Changed','Update: Step migrate succeeded.',1,'2026-01-01 00:11:00.000000','2026-01-01 00:11:00.000000');
INSERT INTO "events" VALUES(30,'fd5e412fe50f655df5fece4028ba0e214726233b64d5ce3754ee1ced9e5582f6','service','batch','Normal','Changed','Update: ECS replaces the tasks.',1,'2026-01-01 00:12:00.000000','2026-01-01 00:12:00.000000');
INSERT INTO "events" VALUES(31,'601270b2d894b90ca74b59160d37248237282a777a5d628675d3f82a8fe55cd8','service','batch','Normal','RolloutInProgress','Ready is False: hokusai-batch-development:2 rolls out: 0 of 1 tasks run.',2,'2026-01-01 00:12:00.000000','2026-01-01 00:15:00.000000');
INSERT INTO "events" VALUES(32,'687d071687af4be42e805b4ebe04f03236ea0d8e0690292b53827ff523000056','service','batch','Warning','RevisionRejected','Ready is False: hokusai-batch-development:2 was rolled back: Essential container in task exited, hokusai-batch-development exited with 1; it is not tried again until something changes, or with `hokusai retry service/batch --reason TEXT`.',1,'2026-01-01 00:13:00.000000','2026-01-01 00:13:00.000000');
INSERT INTO "events" VALUES(33,'f35fd815c0130a6b23e7a543509123f8557b58b1a8820ecc3cbda7b036a0c039','service','batch','Warning','RevisionRejected','Stalled is True: hokusai-batch-development:2 was rolled back: Essential container in task exited, hokusai-batch-development exited with 1; it is not tried again until something changes, or with `hokusai retry service/batch --reason TEXT`.',1,'2026-01-01 00:13:00.000000','2026-01-01 00:13:00.000000');
INSERT INTO "events" VALUES(34,'e446dfc9bfd50034786093b94cb7d4da74f8b73da1a525f719fec73addb2f456','service','batch','Normal','AskedFor','Retry: What is declared is tried again by the next pass. Asked for by ada: It answers slowly.',1,'2026-01-01 00:15:00.000000','2026-01-01 00:15:00.000000');
INSERT INTO "events" VALUES(35,'13cd568f8c37616fe2b1dda44691d29d3dd89702de9995bb04b2ff923e1236f9','service','batch','Normal','Drifted','Update: ECS replaces the tasks.',1,'2026-01-01 00:15:00.000000','2026-01-01 00:15:00.000000');
INSERT INTO "events" VALUES(36,'4bb2aeea52fe1fdedd95b18ad553e4be15e2c5d71c3513079fbf3887f4a3991e','service','batch','Normal','Moving','Stalled is False: Nothing needs a person.',1,'2026-01-01 00:15:00.000000','2026-01-01 00:15:00.000000');
INSERT INTO "events" VALUES(37,'562f8be910c33df744c9e09007189a252d9503b1090d3f25c71668ed989786cd','service','batch','Warning','PreflightWarning','Ready is True: 1 of 1 tasks run hokusai-batch-development:2. Warning: hokusai/batch:2 is taken from Docker Hub, not from this account''s ECR: write 123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/batch:2, or docker.io/hokusai/batch:2 if Docker Hub is meant.',1,'2026-01-01 00:16:00.000000','2026-01-01 00:16:00.000000');
INSERT INTO "events" VALUES(38,'fe53187a36926772730f0bfda208e00506af975102cb2c21acc104b0e72acb88','service','worker','Normal','Drifted','Update: ECS replaces the tasks.',2,'2026-01-01 00:18:00.000000','2026-01-01 00:21:00.000000');
INSERT INTO "events" VALUES(39,'ed099022a07b40c7991081ead1b2087d82b1999e5bbd1de8a41540cd8cce7585','service','worker','Normal','RolloutInProgress','Ready is False: hokusai-worker-development:1 rolls out: 0 of 1 tasks run.',3,'2026-01-01 00:18:00.000000','2026-01-01 00:24:00.000000');
INSERT INTO "events" VALUES(40,'1dfdb1fe4e38688b20821d97ed24e7b0b1d6509c88fa95136b489477f9cfe7e0','service','worker','Normal','AskedFor','Restart: ECS replaces the tasks. Asked for by ada: It answers slowly.',1,'2026-01-01 00:24:00.000000','2026-01-01 00:24:00.000000');
INSERT INTO "events" VALUES(41,'71099ad077d881f719cae67f03e9352f78600d0124280867acd8b522ef88e26b','service','api','Normal','Changed','Update: ECS replaces the tasks.',1,'2026-01-01 00:27:00.000000','2026-01-01 00:27:00.000000');
INSERT INTO "events" VALUES(42,'114625416bbe633febcb8f3b58e4ec9c3532c99318ec1d1244bda6e54fb9be46','service','api','Normal','RolloutInProgress','Ready is False: hokusai-api-development:2 rolls out: 0 of 1 tasks run.',1,'2026-01-01 00:27:00.000000','2026-01-01 00:27:00.000000');
INSERT INTO "events" VALUES(43,'2b0eaefb2bc3ac3c6326b498ad553463256763b33a2f4a4940146557d1217280','service','api','Warning','PreflightWarning','Ready is True: 1 of 1 tasks run hokusai-api-development:2. Warning: hokusai/api:2 is taken from Docker Hub, not from this account''s ECR: write 123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/api:2, or docker.io/hokusai/api:2 if Docker Hub is meant.',1,'2026-01-01 00:28:00.000000','2026-01-01 00:28:00.000000');
INSERT INTO "events" VALUES(44,'400dd43a59bdcaebb16b9e491879dacd9d02fe99c196b3d9d16ba3b3a9d7d489','service','api','Normal','AskedFor','Roll back: ECS goes back to hokusai-api-development:1. Asked for by ada: It answers slowly.',1,'2026-01-01 00:30:00.000000','2026-01-01 00:30:00.000000');
INSERT INTO "events" VALUES(45,'2854ddf8e5221df91d7a94046b72ff8949f15afcd73b88ce0f57da3c1e8e8dfe','service','api','Normal','RevisionRejected','Ready is False: What is declared was set aside by ada: It answers slowly.. It is rolled out again when the declaration of its tasks changes, or with `hokusai rollback service/api --undo --reason TEXT`.',1,'2026-01-01 00:30:00.000000','2026-01-01 00:30:00.000000');
INSERT INTO "events" VALUES(46,'7c612f57dafa5c0d2ef3f5afb9d50d3e2e632338003861e70f827d57d2941666','service','api','Normal','RevisionRejected','Stalled is True: What is declared was set aside by ada: It answers slowly.. It is rolled out again when the declaration of its tasks changes, or with `hokusai rollback service/api --undo --reason TEXT`.',1,'2026-01-01 00:30:00.000000','2026-01-01 00:30:00.000000');
CREATE TABLE heartbeats (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	beat DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE intents (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	generation TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	details TEXT NOT NULL, 
	begun DATETIME NOT NULL, 
	ended DATETIME, 
	outcome TEXT DEFAULT '' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "intents" VALUES(1,'experiment','scoring','create','v1:58c44b192d8329bec9322b96','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Applied','');
INSERT INTO "intents" VALUES(2,'model','churn','create','v1:2825a2eef701e7359f4cc15a','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Applied','');
INSERT INTO "intents" VALUES(3,'service','api','create','v1:2e4f29d4703e5de90c44c12f','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Progressing','The service was created; its tasks start.');
INSERT INTO "intents" VALUES(4,'service','batch','create','v1:a72ee5befb09447652fd781c','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Waiting','Step migrate was started; the rollout follows it.');
INSERT INTO "intents" VALUES(5,'service','worker','create','v1:aa111470ac37e88acccc294c','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Progressing','The service was created; its tasks start.');
INSERT INTO "intents" VALUES(6,'webhook','site','create','v1:e38d02e8e0233921be27ba43','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Applied','');
INSERT INTO "intents" VALUES(7,'model','leads','create','v1:aad0c5837ecef26cf63ecce3','','{"changes":[]}','2026-01-01 00:01:00.000000','2026-01-01 00:01:00.000000','Applied','');
INSERT INTO "intents" VALUES(8,'endpoint','api','update','v1:5cfc1150d9eec5e4717576d6','','{"changes":["fallback.kept","fallback.published"]}','2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000','Applied','');
INSERT INTO "intents" VALUES(9,'model','churn','update','v1:2825a2eef701e7359f4cc15a','','{"changes":["versions[0]","versions[1]"]}','2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000','Applied','');
INSERT INTO "intents" VALUES(10,'service','batch','create','v1:a72ee5befb09447652fd781c','','{"changes":[]}','2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000','Waiting','Step migrate succeeded.');
INSERT INTO "intents" VALUES(11,'service','worker','update','v1:aa111470ac37e88acccc294c','','{"changes":["secrets.versions"]}','2026-01-01 00:02:00.000000','2026-01-01 00:02:00.000000','Applied','');
INSERT INTO "intents" VALUES(12,'service','batch','create','v1:a72ee5befb09447652fd781c','','{"changes":[]}','2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000','Progressing','The service was created; its tasks start.');
INSERT INTO "intents" VALUES(13,'webhook','site','announce','v1:e38d02e8e0233921be27ba43','','{"changes":["announced.churn/1","announced.churn/2"]}','2026-01-01 00:03:00.000000','2026-01-01 00:03:00.000000','Applied','');
INSERT INTO "intents" VALUES(14,'webhook','site','announce','v1:e38d02e8e0233921be27ba43','','{"changes":["stamped.churn/1","stamped.churn/2"]}','2026-01-01 00:04:00.000000','2026-01-01 00:04:00.000000','Applied','');
INSERT INTO "intents" VALUES(15,'model','leads','update','v1:aad0c5837ecef26cf63ecce3','','{"changes":["versions[0]"]}','2026-01-01 00:06:00.000000','2026-01-01 00:06:00.000000','Applied','');
INSERT INTO "intents" VALUES(16,'webhook','site','announce','v1:e38d02e8e0233921be27ba43','','{"changes":["announced.leads/1"]}','2026-01-01 00:07:00.000000','2026-01-01 00:07:00.000000','Applied','');
INSERT INTO "intents" VALUES(17,'webhook','site','announce','v1:e38d02e8e0233921be27ba43','','{"changes":["stamped.leads/1"]}','2026-01-01 00:08:00.000000','2026-01-01 00:08:00.000000','Applied','');
INSERT INTO "intents" VALUES(18,'service','batch','update','v1:b61c6a757f18154e8a84e385','','{"changes":["task.containers.hokusai-batch-development.image"]}','2026-01-01 00:10:00.000000','2026-01-01 00:10:00.000000','Waiting','Step migrate was started; the rollout follows it.');
INSERT INTO "intents" VALUES(19,'service','batch','update','v1:b61c6a757f18154e8a84e385','','{"changes":["task.containers.hokusai-batch-development.image"]}','2026-01-01 00:11:00.000000','2026-01-01 00:11:00.000000','Waiting','Step migrate succeeded.');
INSERT INTO "intents" VALUES(20,'service','batch','update','v1:b61c6a757f18154e8a84e385','','{"changes":["task.containers.hokusai-batch-development.image"]}','2026-01-01 00:12:00.000000','2026-01-01 00:12:00.000000','Progressing','ECS replaces the tasks.');
INSERT INTO "intents" VALUES(21,'service','batch','retry','v1:b61c6a757f18154e8a84e385','','{"by":"ada","changes":[],"reason":"It answers slowly."}','2026-01-01 00:15:00.000000','2026-01-01 00:15:00.000000','Applied','What is declared is tried again by the next pass.');
INSERT INTO "intents" VALUES(22,'service','batch','update','v1:b61c6a757f18154e8a84e385','','{"changes":["task.containers.hokusai-batch-development.image"]}','2026-01-01 00:15:00.000000','2026-01-01 00:15:00.000000','Progressing','ECS replaces the tasks.');
INSERT INTO "intents" VALUES(23,'service','worker','update','v1:aa111470ac37e88acccc294c','','{"changes":["images.hokusai-worker-development"]}','2026-01-01 00:18:00.000000','2026-01-01 00:18:00.000000','Progressing','ECS replaces the tasks.');
INSERT INTO "intents" VALUES(24,'service','worker','update','v1:aa111470ac37e88acccc294c','','{"changes":["secrets.versions"]}','2026-01-01 00:21:00.000000','2026-01-01 00:21:00.000000','Progressing','ECS replaces the tasks.');
INSERT INTO "intents" VALUES(25,'service','worker','restart','v1:aa111470ac37e88acccc294c','','{"by":"ada","changes":[],"reason":"It answers slowly."}','2026-01-01 00:24:00.000000','2026-01-01 00:24:00.000000','Progressing','ECS replaces the tasks.');
INSERT INTO "intents" VALUES(26,'service','api','update','v1:b2e7e834657542a25a1fb71a','','{"changes":["task.containers.hokusai-api-development.image"]}','2026-01-01 00:27:00.000000','2026-01-01 00:27:00.000000','Progressing','ECS replaces the tasks.');
INSERT INTO "intents" VALUES(27,'endpoint','api','update','v1:5cfc1150d9eec5e4717576d6','','{"changes":["fallback.kept","fallback.published"]}','2026-01-01 00:28:00.000000','2026-01-01 00:28:00.000000','Applied','');
INSERT INTO "intents" VALUES(28,'service','api','roll back','v1:b2e7e834657542a25a1fb71a','','{"by":"ada","changes":["revision"],"reason":"It answers slowly."}','2026-01-01 00:30:00.000000','2026-01-01 00:30:00.000000','Progressing','ECS goes back to hokusai-api-development:1.');
INSERT INTO "intents" VALUES(29,'endpoint','api','update','v1:5cfc1150d9eec5e4717576d6','','{"changes":["fallback.kept","fallback.published"]}','2026-01-01 00:31:00.000000','2026-01-01 00:31:00.000000','Applied','');
CREATE TABLE last_addresses (
	host TEXT NOT NULL, 
	addresses TEXT NOT NULL, 
	kept DATETIME NOT NULL, 
	PRIMARY KEY (host)
);
INSERT INTO "last_addresses" VALUES('api.hokusai-development.local','["10.0.0.17"]','2026-01-01 00:31:00.000000');
CREATE TABLE leases (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	token BIGINT NOT NULL, 
	expires DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('controller','c1',1,'2026-01-01 00:32:15.000000');
CREATE TABLE notes (
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	text TEXT NOT NULL, 
	written DATETIME NOT NULL, 
	PRIMARY KEY (kind, name, "key")
);
INSERT INTO "notes" VALUES('experiment','scoring','applied','{"generation": "v1:58c44b192d8329bec9322b96", "spec": {"artifact_location": null, "description": "", "name": "scoring", "tags": {"team": "growth"}}}','2026-01-01 00:01:00.000000');
INSERT INTO "notes" VALUES('model','churn','applied','{"generation": "v1:2825a2eef701e7359f4cc15a", "spec": {"aliases": {"staging": 2}, "benchmark": null, "description": "", "id": "churn", "name": "churn", "tags": {}, "token_symbol": null, "versions": [{"run": null, "select": null, "source": "s3://models/one"}, {"run": null, "select": null, "source": "s3://models/two"}]}}','2026-01-01 00:02:00.000000');
INSERT INTO "notes" VALUES('service','api','applied','{"generation": "v1:b2e7e834657542a25a1fb71a", "spec": {"account": "123456789012", "architecture": "X86_64", "authenticates": false, "before": [], "cluster": "hokusai-development", "command": [], "connects": [], "cpu": 256, "deployment": {"circuit_breaker": true, "maximum_percent": 200, "minimum_healthy_percent": 100, "progress_deadline": 600, "restart_interval": 300, "rollback": true}, "desired_count": null, "discovery": "api", "environment": {}, "health": null, "image": "hokusai/api:2", "image_policy": "report", "load_balancer": "hokusai-development", "log_group": "/ecs/hokusai-api-development", "log_retention_days": 30, "memory": 512, "name": "hokusai-api-development", "namespace": "hokusai-development.local", "network": {"public_ip": false, "security_groups": [], "subnets": ["subnet-0a1b2c3d4e5f60001"]}, "owner": "hokusai/development", "port": 8001, "region": "us-east-1", "requires": {}, "restart_on_secret_change": false, "roles": {"execution": "arn:aws:iam::123456789012:role/execution", "task": null}, "routes": [{"host": "api.hokus.ai", "listeners": [443], "load_balancer": "hokusai-development", "path": "/api/*", "priority": null, "unauthenticated": null}], "scaling": {"maximum": 4, "minimum": 1}, "secrets": {}, "service": {"tags": [{"key": "team", "value": "growth"}]}, "target_group": "hokusai-api-development", "target_protocol": "http", "task": {}, "tls": {"authority": "MLFLOW_CA_CERT", "client": false, "client_certificate": "MLFLOW_CLIENT_CERT", "client_key": "MLFLOW_CLIENT_KEY", "server": false, "server_certificate": "MLFLOW_SERVER_CERT", "server_key": "MLFLOW_SERVER_KEY"}}}','2026-01-01 00:27:00.000000');
INSERT INTO "notes" VALUES('service','worker','applied','{"generation": "v1:aa111470ac37e88acccc294c", "spec": {"account": "123456789012", "architecture": "X86_64", "authenticates": false, "before": [], "cluster": "hokusai-development", "command": [], "connects": [], "cpu": 256, "deployment": {"circuit_breaker": true, "maximum_percent": 200, "minimum_healthy_percent": 100, "progress_deadline": 600, "restart_interval": 30, "rollback": true}, "desired_count": null, "discovery": null, "environment": {}, "health": null, "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai-api:latest", "image_policy": "redeploy", "load_balancer": "hokusai-development", "log_group": "/ecs/hokusai-worker-development", "log_retention_days": 30, "memory": 512, "name": "hokusai-worker-development", "namespace": "hokusai-development.local", "network": {"public_ip": false, "security_groups": [], "subnets": ["subnet-0a1b2c3d4e5f60001"]}, "owner": "hokusai/development", "port": 8001, "region": "us-east-1", "requires": {}, "restart_on_secret_change": true, "roles": {"execution": "arn:aws:iam::123456789012:role/execution", "task": null}, "routes": [], "scaling": null, "secrets": {"DB_PASSWORD": {"env": null, "secretsmanager": "hokusai/app:database", "ssm": null}, "REDIS": {"env": null, "secretsmanager": null, "ssm": "/hokusai/db"}}, "service": {}, "target_group": "hokusai-worker-development", "target_protocol": "http", "task": {}, "tls": {"authority": "MLFLOW_CA_CERT", "client": false, "client_certificate": "MLFLOW_CLIENT_CERT", "client_key": "MLFLOW_CLIENT_KEY", "server": false, "server_certificate": "MLFLOW_SERVER_CERT", "server_key": "MLFLOW_SERVER_KEY"}}}','2026-01-01 00:21:00.000000');
INSERT INTO "notes" VALUES('webhook','site','applied','{"generation": "v1:e38d02e8e0233921be27ba43", "spec": {"announce": "all", "events": ["model.registered"], "payload": "hokusai-v1", "secrets": [{"env": "SITE_SECRET", "secretsmanager": null, "ssm": null}], "timeout": 30, "url": "https://hokus.ai/api/webhooks/site"}}','2026-01-01 00:08:00.000000');
INSERT INTO "notes" VALUES('model','leads','applied','{"generation": "v1:aad0c5837ecef26cf63ecce3", "spec": {"aliases": {"production": "latest-passing"}, "benchmark": {"baseline": 0.5, "metric": "accuracy", "mode": "max"}, "description": "Leads.", "id": "leads", "name": "leads", "tags": {}, "token_symbol": null, "versions": [{"run": null, "select": {"experiment": "scoring", "metric": "accuracy", "minimum": null, "mode": "max"}, "source": null}]}}','2026-01-01 00:06:00.000000');
INSERT INTO "notes" VALUES('endpoint','api','applied','{"generation": "v1:5cfc1150d9eec5e4717576d6", "spec": {"fallback": {"env": "API_FALLBACK_IP", "publish": {"ssm": "/hokusai/api-ip"}}, "host": "api.hokusai-development.local", "port": 8001, "probe": null, "protocol": "http"}}','2026-01-01 00:31:00.000000');
INSERT INTO "notes" VALUES('service','batch','applied','{"generation": "v1:b61c6a757f18154e8a84e385", "spec": {"account": "123456789012", "architecture": "X86_64", "authenticates": false, "before": [{"command": ["migrate"], "name": "migrate"}], "cluster": "hokusai-development", "command": [], "connects": [], "cpu": 256, "deployment": {"circuit_breaker": true, "maximum_percent": 200, "minimum_healthy_percent": 100, "progress_deadline": 600, "restart_interval": 300, "rollback": true}, "desired_count": null, "discovery": null, "environment": {}, "health": null, "image": "hokusai/batch:2", "image_policy": "report", "load_balancer": "hokusai-development", "log_group": "/ecs/hokusai-batch-development", "log_retention_days": 30, "memory": 512, "name": "hokusai-batch-development", "namespace": "hokusai-development.local", "network": {"public_ip": false, "security_groups": [], "subnets": ["subnet-0a1b2c3d4e5f60001"]}, "owner": "hokusai/development", "port": 8001, "region": "us-east-1", "requires": {}, "restart_on_secret_change": false, "roles": {"execution": "arn:aws:iam::123456789012:role/execution", "task": null}, "routes": [], "scaling": null, "secrets": {}, "service": {}, "target_group": "hokusai-batch-development", "target_protocol": "http", "task": {}, "tls": {"authority": "MLFLOW_CA_CERT", "client": false, "client_certificate": "MLFLOW_CLIENT_CERT", "client_key": "MLFLOW_CLIENT_KEY", "server": false, "server_certificate": "MLFLOW_SERVER_CERT", "server_key": "MLFLOW_SERVER_KEY"}}}','2026-01-01 00:15:00.000000');
CREATE TABLE schema_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT schema_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "schema_version" VALUES('2');
CREATE TABLE triggers (
	id INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	asked DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE undeclared (
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	first_seen DATETIME NOT NULL, 
	PRIMARY KEY (kind, name)
);
CREATE TABLE webhook_events (
	id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	registry TEXT NOT NULL, 
	model TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	created_ms BIGINT NOT NULL, 
	body BLOB NOT NULL, 
	recorded DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "webhook_events" VALUES('abc1fe7a-099a-536c-a74b-43e6206a45ad','model.registered','hokusai/development','churn',1,1767225720000,X'7B226D6F64656C5F6964223A22636875726E222C226964656D706F74656E63795F6B6579223A2261626331666537612D303939612D353336632D613734622D343365363230366134356164222C22726567697374657265645F76657273696F6E223A2231222C2274696D657374616D70223A22323032362D30312D30315430303A30323A30302E3030305A222C22746F6B656E5F73796D626F6C223A22222C22626173656C696E655F6D657472696373223A7B7D2C226D65746164617461223A7B226D6F64656C5F6E616D65223A22636875726E222C226D6C666C6F775F72756E5F6964223A22222C2274616773223A7B22686F6B757361692E61692F6D6F64656C2D6964223A22636875726E222C22686F6B757361692E61692F726567697374726174696F6E223A2276313A373032663864616266326139613365343461616538353465227D7D2C226576656E745F74797065223A226D6F64656C2E72656769737465726564222C22736368656D615F76657273696F6E223A2231227D','2026-01-01 00:03:00.000000');
INSERT INTO "webhook_events" VALUES('32ca1d86-c926-5de4-a925-4743b62b5c23','model.registered','hokusai/development','churn',2,1767225720000,X'7B226D6F64656C5F6964223A22636875726E222C226964656D706F74656E63795F6B6579223A2233326361316438362D633932362D356465342D613932352D343734336236326235633233222C22726567697374657265645F76657273696F6E223A2232222C2274696D657374616D70223A22323032362D30312D30315430303A30323A30302E3030305A222C22746F6B656E5F73796D626F6C223A22222C22626173656C696E655F6D657472696373223A7B7D2C226D65746164617461223A7B226D6F64656C5F6E616D65223A22636875726E222C226D6C666C6F775F72756E5F6964223A22222C2274616773223A7B22686F6B757361692E61692F6D6F64656C2D6964223A22636875726E222C22686F6B757361692E61692F726567697374726174696F6E223A2276313A383636326263346164346465633535383962346331646237227D7D2C226576656E745F74797065223A226D6F64656C2E72656769737465726564222C22736368656D615F76657273696F6E223A2231227D','2026-01-01 00:03:00.000000');
INSERT INTO "webhook_events" VALUES('d1dcbe55-1070-5059-9b49-39a5aafe386b','model.registered','hokusai/development','leads',1,1767225960000,X'7B226D6F64656C5F6964223A226C65616473222C226964656D706F74656E63795F6B6579223A2264316463626535352D313037302D353035392D396234392D333961356161666533383662222C22726567697374657265645F76657273696F6E223A2231222C2274696D657374616D70223A22323032362D30312D30315430303A30363A30302E3030305A222C22746F6B656E5F73796D626F6C223A22222C22626173656C696E655F6D657472696373223A7B226163637572616379223A302E357D2C226D65746164617461223A7B226D6F64656C5F6E616D65223A226C65616473222C226D6C666C6F775F72756E5F6964223A223030303030303030303030303030303030303030303030303030303030303031222C2274616773223A7B2262656E63686D61726B5F6D6574726963223A226163637572616379222C2262656E63686D61726B5F76616C7565223A22302E35222C22686F6B757361692E61692F6D65747269632D76616C7565223A22302E39222C22686F6B757361692E61692F6D6F64656C2D6964223A226C65616473222C22686F6B757361692E61692F726567697374726174696F6E223A2276313A633035373530623463383430653961386436303639356465227D7D2C226576656E745F74797065223A226D6F64656C2E72656769737465726564222C22736368656D615F76657273696F6E223A2231227D','2026-01-01 00:07:00.000000');
CREATE TABLE webhook_targets (
	name TEXT NOT NULL, 
	url TEXT NOT NULL, 
	baseline DATETIME, 
	first_seen DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "webhook_targets" VALUES('site','https://hokus.ai/api/webhooks/site',NULL,'2026-01-01 00:01:00.000000');
CREATE INDEX events_by_time ON events (last_seen);
CREATE INDEX intents_by_target ON intents (kind, name, id);
CREATE INDEX intents_unfinished ON intents (id) WHERE ended IS NULL;
CREATE INDEX deliveries_due ON deliveries (target, next_at) WHERE state = 'pending';
COMMIT;
