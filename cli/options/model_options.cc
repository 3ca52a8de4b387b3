#include "cli/options/model_options.h"

#include "cli/options/option_group.h"
#include "cli/options/shape_option.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::cli {

LoadOptions ModelOptions::load_options() const {
  check_at_least("--mask-token-id", 0, mask_token_id);
  LoadOptions options;
  set_if_given(options.backend.name, backend);
  options.backend.cpu = threads.cpu_options();
  options.mask_token_id = mask_token_id;
  options.formats = weights.formats();
  if (inflate) options.inflate = shape_of("--inflate", *inflate);
  if (template_file) {
    const TextInput source = read_input(template_file);
    options.chat_template.emplace(source.text, source.name);
  }
  return options;
}

void add_model_options(CLI::App& app, ModelOptions& options) {
  add_model_option(app, options);
  add_weight_options(app, options.weights);
  OptionGroup group(app, "Model");
  group.choice({.names = "--backend",
                .value = joined(backend_names(), "|"),
                .text = "What computes; reference is slow and the definition of correct.",
                .default_text = "cpu",
                .environment = "WEDLM_BACKEND"},
               options.backend);
  add_thread_options(group, options.threads);
  add_activation_option(group, options.threads);
  group.integer({.names = "--mask-token-id",
                 .value = "ID",
                 .text = "The token that stands for an empty position.",
                 .default_text = "the checkpoint's"},
                options.mask_token_id);
  group.path(
      {.names = "--template", .value = "FILE", .text = "A chat template in Jinja to take instead of the checkpoint's."},
      options.template_file);
  group.path({.names = "--inflate",
              .value = "SHAPE",
              .text = "Compute the same function inside this larger shape: the model's answers at the shape's time and "
                      "memory. " +
                      shape_choices() + "."},
             options.inflate);
}

}  // namespace wedlm::cli
