#include "cli/options/session.h"

#include <chrono>

#include "cli/options/option_group.h"
#include "wedlm/base/number_text.h"

namespace wedlm::cli {

std::unique_ptr<LoadedModel> load_model(const ModelOptions& options, const Console& console) {
  const std::filesystem::path folder = options.folder();
  LoadOptions load_options = options.load_options();
  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<LoadedModel> model;
  {
    ProgressBar progress(console, "Loading " + folder.filename().string());
    load_options.progress = [&progress](std::size_t done, std::size_t total) { progress.update(done, total); };
    model = LoadedModel::load(folder, load_options);
  }
  note_adapter(folder, console);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::string formats = describe(model->formats());
  if (!formats.empty()) {
    formats = "; weights " + formats + ", " + size_text(static_cast<double>(model->transformer().weight_bytes()));
  }
  const std::string inside = model->inflated_to() ? " inside " + *model->inflated_to() : "";
  console.note("Loaded " + folder.string() + inside + " in " + fixed(seconds.count(), 2) +
               " s: " + count_text(static_cast<double>(model->config().num_parameters())) + " parameters on " +
               model->backend().description() + formats);
  if (const auto note = unused_note(model->generation_defaults())) console.note(*note);
  return model;
}

Json inflated_to_json(const LoadedModel& model) {
  return model.inflated_to() ? Json(*model.inflated_to()) : Json();
}

void note_mode(const SamplingSettings& settings, const LoadedModel& model, const Console& console) {
  if (settings.names_mode() || model.generation_defaults().has_mask_token) return;
  console.note("This checkpoint (" + model.config().model_type +
               ") names no mask token, so its answers are decoded autoregressively; --mask-token-id ID names one for "
               "the other modes");
}

Session open_session(const ModelOptions& model_options, const EngineOptions& engine_options, const Console& console) {
  Session session;
  session.model = load_model(model_options, console);
  session.engine = std::make_unique<Engine>(*session.model, engine_options);
  return session;
}

}  // namespace wedlm::cli
