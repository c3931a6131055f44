#!/bin/sh
# evkafka and a real broker that wants TLS, certificates and passwords: it is read with them, and what
# is wrong with them is said at once.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/kafka.sh"

unset EVKIT_SEAL
need java python3 openssl || {
	done_testing
}

# authority NAME: NAME.pem and NAME.key.
authority()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 2 2>"$tap/openssl"
}

# certificate NAME HOST: NAME.pem and NAME.key, of the authority "ours"; and both in NAME.both.
certificate()
{
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>"$tap/openssl" &&
		echo "subjectAltName=$2" >extensions &&
		openssl x509 -req -in "$1.csr" -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 -extfile extensions \
			-out "$1.pem" 2>"$tap/openssl" &&
		cat "$1.key" "$1.pem" >"$1.both"
}

authority ours && authority other && certificate broker IP:127.0.0.1 && certificate shop DNS:shop ||
	diag "$(cat "$tap/openssl")"
mutual=127.0.0.1:$(kafka_port) # TLS, with certificates of both
plain=127.0.0.1:$(kafka_port)  # passwords, in the clear
both=127.0.0.1:$(kafka_port)   # passwords, by TLS
kafka_listeners=SSL://$mutual,SASL_PLAINTEXT://$plain,SASL_SSL://$both
cat >properties <<END
ssl.keystore.type=PEM
ssl.keystore.location=$PWD/broker.both
ssl.truststore.type=PEM
ssl.truststore.location=$PWD/ours.pem
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
END
for listener in sasl_plaintext sasl_ssl; do
	cat >>properties <<-END
		listener.name.$listener.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_shop="secret";
		listener.name.$listener.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
	END
done
kafka_start properties --add-scram 'SCRAM-SHA-512=[name=shop,password=secret]' || {
	done_testing
}
ok 'a topic' kafka topic "$kafka" orders 1
echo '{"n":1}' | kafka put "$kafka" orders
line='{"n":1,"_ev":{"origin":{"source":"orders/0","line":0,"offset":0}}}'

# config ADDRESS PROPERTY...: the file of properties.
config()
{
	printf '%s\n' "bootstrap.servers=$1" >config
	shift
	printf '%s\n' "$@" >>config
}

# refused NAME WHY: status 2 long before the timeout, and without a word of the password.
refused()
{
	began=$(date +%s)
	run evkafka --config config --until-end orders
	check "$1" 2 '' "~^evkafka: [^ ]*: $2: see the user, the password and the certificates in the file of --config\$"
	ok "$1: at once" [ $(($(date +%s) - began)) -lt 10 ]
	ok "$1: the password is not told" [ "$(grep -c 'secret\|wrong' "$err")" -eq 0 ]
}

# Passwords

for where in "$plain sasl_plaintext" "$both sasl_ssl"; do
	address=${where% *} protocol=${where#* }
	for mechanism in PLAIN SCRAM-SHA-512; do
		config "$address" security.protocol="$protocol" ssl.ca.location=ours.pem sasl.mechanisms=$mechanism \
			sasl.username=shop sasl.password=secret
		run evkafka --config config --group shop --until-end --positions next.json orders
		check "$protocol, $mechanism" 0 "$line"
		run evkafka --config config --group "$protocol.$mechanism" --commit next.json
		check "$protocol, $mechanism: a commit" 0
		run evkafka --config config --group "$protocol.$mechanism" --until-end orders
		check "$protocol, $mechanism: and it was one" 0
		sed -i 's/secret/wrong/' config
		refused "$protocol, $mechanism: a wrong password" '.*SASL authentication error: .*'
		run evkafka --config config --group shop --commit next.json
		check "$protocol, $mechanism: with which nothing is committed" 2 '' '~SASL authentication error'
	done
done
config "$plain" security.protocol=sasl_plaintext sasl.mechanisms=SCRAM-SHA-256 sasl.username=shop sasl.password=secret
refused 'a mechanism that the broker has not' ".*Unsupported SASL mechanism: broker's supported mechanisms: PLAIN,SCRAM-SHA-512"
config "$plain" security.protocol=sasl_plaintext sasl.mechanisms=PLAIN
run evkafka --config config --until-end orders
check 'no password' 2 '' 'evkafka: config: sasl.username and sasl.password must be set'

# Certificates

config "$mutual" security.protocol=ssl ssl.ca.location=ours.pem ssl.certificate.location=shop.pem ssl.key.location=shop.key
run evkafka --config config --until-end orders
check 'certificates of both' 0 "$line"
config "$mutual" security.protocol=ssl ssl.ca.location=ours.pem
run evkafka --config config --timeout 2s --until-end orders
check 'none of our own' 2 '' '~no broker has answered for 2s: .*alert .*certificate'
config "$both" security.protocol=sasl_ssl ssl.ca.location=other.pem sasl.mechanisms=PLAIN sasl.username=shop sasl.password=secret
refused 'an authority that we do not trust' '.*SSL handshake failed: .*certificate verify failed.*'
config "localhost:${both#*:}" security.protocol=sasl_ssl ssl.ca.location=ours.pem sasl.mechanisms=PLAIN sasl.username=shop \
	sasl.password=secret
refused "a certificate of another host" '.*SSL handshake failed: .*certificate verify failed.*'
config "$both" security.protocol=sasl_ssl ssl.ca.location=no/such.pem sasl.mechanisms=PLAIN sasl.username=shop sasl.password=secret
run evkafka --config config --until-end orders
check 'no such file of certificates' 2 '' '~^evkafka: config: ssl.ca.location failed: '

# The wrong one of the four

config "$both"
run evkafka --config config --timeout 1s --until-end orders
check 'no TLS where the broker wants it' 2 '' \
	"~^evkafka: $both: no broker has answered for 1s: .*security.protocol.*: see whether it runs and -b names it"
config "$kafka" security.protocol=ssl ssl.ca.location=ours.pem
refused 'TLS where it has none' '.*SSL handshake failed: .*'
config "$plain"
run evkafka --config config --timeout 1s --until-end orders
check 'no password where it wants one' 2 '' \
	"~^evkafka: $plain: no broker has answered for 1s: .*SASL authentication: see whether it runs and -b names it"

# A restart

config "$both" security.protocol=sasl_ssl ssl.ca.location=ours.pem sasl.mechanisms=SCRAM-SHA-512 sasl.username=shop \
	sasl.password=secret
evkafka --config config --timeout 60s --max 2 orders >got 2>said &
reader=$!
until_true [ -s got ]
kafka_down
# Something ends the handshake in the broker's place, as a broker does that is going down.
python3 - "${both#*:}" <<'END'
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
for i in range(3):
    client = s.accept()[0]
    client.recv(65536)
    client.close()
END
kafka_up
echo '{"n":2}' | kafka put "$kafka" orders
wait $reader
is 'a broker that is restarted is waited for' "$? $(cut -c 1-6 got | tr '\n' ' ')$(cat said)" '0 {"n":1 {"n":2 '
done_testing
