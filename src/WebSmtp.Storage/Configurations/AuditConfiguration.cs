using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Storage.Configurations;

sealed class AuditConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    /// <summary>What is compared, without case.</summary>
    public const string Actor = "NormalizedActor", Subject = "NormalizedSubject";

    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.ToTable("AuditEntries");
        builder.Property(e => e.Id).ValueGeneratedNever();
        builder.Property(e => e.Actor).HasMaxLength(500);
        builder.Property(e => e.From).HasMaxLength(500);
        builder.Property(e => e.Action).HasMaxLength(500);
        builder.Property(e => e.Subject).HasMaxLength(500);
        builder.Property(e => e.Refusal).HasMaxLength(500);
        builder.Property<string>(Actor).HasMaxLength(500).IsRequired();
        builder.Property<string>(Subject).HasMaxLength(500).IsRequired();
        builder.HasIndex(Actor, nameof(AuditEntry.Id));
        builder.HasIndex(Subject, nameof(AuditEntry.Id));
    }
}
