# shellcheck shell=sh
#
# kafka.sh: a broker of one's own, Apache Kafka in KRaft mode, for tests that source tap.sh first. It
# listens on a free port of 127.0.0.1, keeps its data in kafka/ and ends with the shell. EVKIT_KAFKA
# names the folder with its jars.
#
# kafka_start [PROPERTIES [FORMAT...]]
#		makes the broker and starts it; false where there is none, which is a skip.
#		$kafka is its address. PROPERTIES is a file with more of them; FORMAT are options of the
#		program that makes its folder. $kafka_listeners are listeners besides, as
#		SSL://127.0.0.1:9093, named by their protocols.
# kafka_up	starts it again after kafka_down.
# kafka_down	stops it.
# kafka_crash	kills it.
# kafka		what the tests need of brokers (tests/kafka.c).

kafka()
{
	"$top_builddir/tests/kafka" "$@"
}

# A port that nobody listens on.
kafka_port()
{
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

kafka_up()
{
	java -Xmx700m -cp "$EVKIT_KAFKA/*" kafka.Kafka kafka/server.properties >>kafka/log 2>&1 &
	kafka_pid=$!
	tries=0
	while ! evkafka -b "$kafka" --timeout 100ms --until-end no.topic 2>&1 | grep -q 'there is no topic'; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.2
	done
}

kafka_end()
{
	kill "-$1" "$kafka_pid" 2>"$tap/kill"
	wait "$kafka_pid" 2>"$tap/kill"
	kafka_pid=
}

kafka_down()
{
	kafka_end TERM
}

kafka_crash()
{
	kafka_end KILL
}

kafka_make()
{
	mkdir kafka || return 1
	kafka=127.0.0.1:$(kafka_port)
	kafka_controller=127.0.0.1:$(kafka_port)
	kafka_listeners=PLAINTEXT://$kafka${kafka_listeners:+,$kafka_listeners}
	cat - "${1-/dev/null}" >kafka/server.properties <<-END
		process.roles=broker,controller
		node.id=1
		listeners=$kafka_listeners,CONTROLLER://$kafka_controller
		advertised.listeners=$kafka_listeners
		controller.listener.names=CONTROLLER
		controller.quorum.voters=1@$kafka_controller
		listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
		log.dirs=$PWD/kafka/data
		offsets.topic.replication.factor=1
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		auto.create.topics.enable=false
		log.retention.check.interval.ms=500
		log.initial.task.delay.ms=500
		log.cleaner.backoff.ms=500
	END
	[ $# -eq 0 ] || shift
	trap 'kafka_end KILL' EXIT
	java -cp "$EVKIT_KAFKA/*" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA \
		-c kafka/server.properties "$@" >kafka/log 2>&1 && kafka_up
}

kafka_start()
{
	if [ -z "${EVKIT_KAFKA-}" ]; then
		skip 'Kafka' 'EVKIT_KAFKA names no folder with the jars of a broker'
		return 1
	fi
	if ! kafka_make "$@"; then
		ok 'Kafka: a broker of our own' false
		diag "$(tail -n 20 kafka/log)"
		return 1
	fi
}
