/* The only C++ of Parvis. See symbol.h. */
#define ZX_USE_UTF8
#include "scan/symbol.h"

extern "C" {
#include "base/text.h"
}

#include <ZXing/ReadBarcode.h>
#if ZXING_MAJOR >= 2
#include <ZXing/Barcode.h>
#include <ZXing/ReaderOptions.h>
#endif

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace
{

/* Frames hold few codes; a wall of them must not cost a hang. */
constexpr int SYMBOLS_MAX = 4;

#if ZXING_MAJOR >= 2
using Options = ZXing::ReaderOptions;
using Found = ZXing::Barcode;
#else
using Options = ZXing::DecodeHints;
using Found = ZXing::Result;
#endif

Options options_of(unsigned search)
{
	Options o;
	o.setFormats(ZXing::BarcodeFormat::QRCode);
	o.setTryHarder((search & SYMBOL_HARDER) != 0);
	/* A QR code is found at any angle; other sizes and inverting are decode.c's, for both
	 * versions alike. */
	o.setTryRotate(false);
	o.setTryDownscale(false);
	o.setReturnErrors((search & SYMBOL_UNREADABLE) != 0);
	o.setMaxNumberOfSymbols(SYMBOLS_MAX);
	o.setBinarizer((search & SYMBOL_GLOBAL) != 0 ? ZXing::Binarizer::GlobalHistogram
						     : ZXing::Binarizer::LocalAverage);
#if ZXING_MAJOR >= 2
	o.setTryInvert(false);
	o.setTextMode(ZXing::TextMode::Plain);
#endif
	return o;
}

/* The library's guess is asked only where the symbol declares a charset, or where its bytes are
 * text and cannot be UTF-8: the shops of Japan still print Shift JIS. */
std::string text_of(const Found &f)
{
	const auto &bytes = f.bytes();
	std::string raw(bytes.begin(), bytes.end());

	if (f.contentType() == ZXing::ContentType::Binary ||
		f.contentType() == ZXing::ContentType::Mixed ||
		f.contentType() == ZXing::ContentType::UnknownECI)
		return raw;
	if (!f.hasECI() && text_is_utf8(raw.data(), raw.size()))
		return raw;

	std::string recoded = f.text();

	return recoded.empty() || recoded.size() > CODE_MAX ? raw : recoded;
}

double area_of(const Found &f)
{
	const auto &p = f.position();
	double twice = 0;

	for (size_t i = 0; i < 4; i++) {
		const auto &a = p[i];
		const auto &b = p[(i + 1) % 4];

		twice += static_cast<double>(a.x) * b.y - static_cast<double>(b.x) * a.y;
	}
	return std::abs(twice) / 2;
}

void consider(const Found &f, symbol *best, double *best_area)
{
	if (f.format() != ZXing::BarcodeFormat::QRCode)
		return;

	bool whole = f.isValid() && !f.isPartOfSequence();
	std::string text = whole ? text_of(f) : std::string();
	bool read = whole && !text.empty() && text.size() <= CODE_MAX;
	double area = area_of(f);

	if (best->seen && (best->read > read || (best->read == read && *best_area >= area)))
		return;
	*best_area = area;
	best->seen = true;
	best->read = read;
	best->len = read ? text.size() : 0;
	if (read)
		std::memcpy(best->text, text.data(), text.size());
	for (size_t i = 0; i < 4; i++) {
		best->corners[i][0] = static_cast<float>(f.position()[i].x);
		best->corners[i][1] = static_cast<float>(f.position()[i].y);
	}
}

} // namespace

extern "C" void symbol_find(const struct luma *picture, unsigned search, struct symbol *out)
{
	out->seen = out->read = false;
	out->len = 0;
	try {
		ZXing::ImageView view(picture->pixels, static_cast<int>(picture->width),
			static_cast<int>(picture->height), ZXing::ImageFormat::Lum,
			static_cast<int>(picture->stride), 1);
		double area = 0;

		for (const auto &found : ZXing::ReadBarcodes(view, options_of(search)))
			consider(found, out, &area);
	} catch (...) {
		/* A broken symbol or no memory: the frame holds nothing that can be read. */
		out->seen = out->read = false;
		out->len = 0;
	}
}
