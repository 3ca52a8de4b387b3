#include "cli/options/help_format.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

namespace wedlm::cli {
namespace {

constexpr std::size_t kPageWidth = 100;
constexpr std::size_t kTextColumn = 32;

class HelpFormat final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string help = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t at = 0; (at = help.find("\n\n\n", at)) != std::string::npos;) help.erase(at, 1);
    return help;
  }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string path = app->get_name();
    for (const CLI::App* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) {
      path.insert(0, parent->get_name() + " ");
    }
    (void)name;  // CLI11 gives the name that the program was called by, with its folder
    std::string usage = "Usage: " + path;
    if (!app->get_subcommands({}).empty()) usage += " COMMAND";
    usage += " [OPTIONS]";
    for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
      usage += option->get_required() ? " " + option->get_type_name() : " [" + option->get_type_name() + "]";
    }
    return usage + "\n";
  }

  std::string make_description(const CLI::App* app) const override {
    return wrap(app->get_description(), kPageWidth, 0) + "\n\n";
  }

  std::string make_footer(const CLI::App* app) const override { return app->get_footer() + "\n"; }

  std::string make_subcommand(const CLI::App* subcommand) const override {
    const std::string text = subcommand->get_description();
    return line(subcommand->get_name(), text.substr(0, text.find_first_of(".:\n")), 14);
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::string names;
    if (is_positional) {
      names = option->get_type_name();
    } else {
      for (const std::string& name : option->get_snames()) names += (names.empty() ? "-" : ", -") + name;
      if (names.empty()) names = "    ";
      for (const std::string& name : option->get_lnames())
        names += (names.size() > 1 && names != "    " ? ", --" : "--") + name;
      if (!option->get_type_name().empty()) names += " " + option->get_type_name();
    }
    std::string text = option->get_description();
    if (!option->get_default_str().empty()) text += " (default: " + option->get_default_str() + ")";
    if (!option->get_envname().empty()) text += " [environment: " + option->get_envname() + "]";
    return line(names, text, kTextColumn);
  }

 private:
  static std::string line(const std::string& name, const std::string& text, std::size_t column) {
    std::string out = "  " + name;
    if (out.size() + 2 > column) {
      out += "\n" + std::string(column, ' ');
    } else {
      out.resize(column, ' ');
    }
    return out + wrap(text, kPageWidth - column, column) + "\n";
  }
};

}  // namespace

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::size_t length = end - begin;
    if (column > 0 && column + 1 + length > width) {
      out += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += text.substr(begin, length);
    column += length;
    if (end < text.size() && text[end] == '\n') {
      out += "\n" + std::string(indent, ' ');
      column = 0;
    }
    begin = end + 1;
  }
  return out;
}

void use_help_format(CLI::App& app) {
  app.formatter(std::make_shared<HelpFormat>());
}

}  // namespace wedlm::cli
