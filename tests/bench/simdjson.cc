/*
 * simdjson: the peer of the scanner that is simdjson, a line at a time, six members looked up.
 *
 *     simdjson-ARCH FILE | --version
 *
 * Built once for each architecture, because its On-Demand interface is compiled into the caller;
 * KERNEL is the name of the implementation in the library that goes with it. The DOM checks all of
 * a line, as evkit does; On-Demand leaves what it passes over unchecked; stage 1 is the index
 * alone, with the check of UTF-8. sample.h says how it is asked.
 */
#include "sample.h"

#include <simdjson.h>

using namespace simdjson;

#define TEXT_(s) #s
#define TEXT(s)	 TEXT_(s)

struct bench {
	struct sample sample;
	dom::parser dom;
	ondemand::parser ondemand;
	std::unique_ptr<internal::dom_parser_implementation> stage1;
};

static const char *const five[] = {"event_id", "event_type", "event_timestamp", "user_id",
				   "related_id"};

static uint64_t dom_line(void *ctx, const char *p, size_t len)
{
	dom::object object;
	uint64_t sum = 0;

	if (static_cast<bench *>(ctx)->dom.parse(p, len, false).get(object) != SUCCESS)
		return 0;
	for (const char *name : five) {
		std::string_view text;

		if (object[name].get(text) == SUCCESS)
			sum += text.size();
	}
	int64_t version;

	if (object["version"].get(version) == SUCCESS)
		sum += static_cast<uint64_t>(version);
	return sum;
}

static uint64_t ondemand_line(void *ctx, const char *p, size_t len)
{
	ondemand::document doc;
	uint64_t sum = 0;
	padded_string_view view(p, len, len + SAMPLE_SLACK);

	if (static_cast<bench *>(ctx)->ondemand.iterate(view).get(doc) != SUCCESS)
		return 0;
	for (const char *name : five) {
		std::string_view text;

		if (doc[name].get(text) != SUCCESS)
			return 0; // after an error it must not be asked again
		sum += text.size();
	}
	int64_t version;

	if (doc["version"].get(version) == SUCCESS)
		sum += static_cast<uint64_t>(version);
	return sum;
}

static uint64_t stage1_line(void *ctx, const char *p, size_t len)
{
	auto &parser = static_cast<bench *>(ctx)->stage1;

	if (parser->stage1(reinterpret_cast<const uint8_t *>(p), len, stage1_mode::regular) !=
	    SUCCESS)
		return 0;
	return parser->n_structural_indexes;
}

template <uint64_t (*line)(void *, const char *, size_t)> static uint64_t pass(void *ctx)
{
	return sample_lines(&static_cast<bench *>(ctx)->sample, line, ctx);
}

int main(int argc, char **argv)
{
	auto implementation = get_available_implementations()[TEXT(KERNEL)];

	if (argc != 2)
		return 2;
	if (implementation == nullptr || !implementation->supported_by_runtime_system()) {
		fprintf(stderr, "this processor cannot run simdjson's " TEXT(KERNEL) "\n");
		return 1;
	}
	get_active_implementation() = implementation;
	if (strcmp(argv[1], "--version") == 0) {
		printf("simdjson " TEXT(SIMDJSON_VERSION) " (" TEXT(KERNEL) ")\n");
		return 0;
	}

	bench b;

	b.sample = sample_read(argv[1]);
	if (implementation->create_dom_parser_implementation(SAMPLE_MAX, 512, b.stage1) != SUCCESS)
		return 2;
	if (b.dom.allocate(1 << 20) != SUCCESS || b.ondemand.allocate(1 << 20) != SUCCESS)
		return 2;
	const size_t bytes = b.sample.len, lines = b.sample.lines;
	const sample_work works[] = {
		{"simdjson-dom " TEXT(KERNEL), pass<dom_line>, nullptr, bytes, lines, nullptr, 0},
		{"simdjson-ondemand " TEXT(KERNEL), pass<ondemand_line>, nullptr, bytes, lines,
		 nullptr, 0},
		{"simdjson-stage1 " TEXT(KERNEL), pass<stage1_line>, nullptr, bytes, lines,
		 nullptr, 0},
	};

	sample_serve(works, sizeof works / sizeof *works, &b);
	free(b.sample.p);
	return 0;
}
